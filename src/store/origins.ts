import { utf8 } from "../bytes.ts";
import type { Origin } from "../content/contracts.ts";
import { annotations } from "../spec/annotations.ts";
import { isRegistry, isRepository } from "../spec/reference.ts";
import type { Labels } from "./labels.ts";

/** Most bytes of a label: a repository for which there is no room is left out, as with containerd. */
const labelLimit = 4096;
const prefix = annotations.distributionSource;

/** Labels with the repositories that content came from, a label a registry. */
export function addOrigins(labels: Labels, origins: readonly Origin[] = []): Record<string, string> {
  const all: Record<string, string> = { ...labels };
  for (const { registry, repository } of origins) {
    if (!isRegistry(registry) || !isRepository(repository)) continue;
    const key = prefix + registry;
    const repositories = new Set(all[key]?.split(",").filter((one) => one !== ""));
    const value = [...repositories.add(repository)].sort().join(",");
    if (utf8(key + value).byteLength <= labelLimit) all[key] = value;
  }
  return all;
}

/** The repositories that labels say content came from. */
export function* originsIn(labels: Labels): Generator<Origin, void, void> {
  for (const [key, value] of Object.entries(labels)) {
    if (!key.startsWith(prefix)) continue;
    for (const repository of value.split(",")) {
      const registry = key.slice(prefix.length);
      if (isRegistry(registry) && isRepository(repository)) yield { registry, repository };
    }
  }
}
