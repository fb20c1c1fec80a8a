import { pullThrough, type Target } from "../../../content/mod.ts";
import type { Registries } from "../../../registry/mod.ts";
import { parseRepository } from "../../../spec/reference.ts";
import type { UpstreamConfig } from "./config.ts";
import type { Storage } from "./storage.ts";

/** Serves repositories of other registries through a cache beside those that are kept here. */
export function withUpstreams(
  storage: Storage,
  upstreams: readonly UpstreamConfig[],
  registries: Registries,
): Storage {
  const mirrors = new Map<string, Target>();
  const mirrorOf = async ({ registry, fresh }: UpstreamConfig, name: string): Promise<Target> => {
    const { registry: host, repository } = parseRepository(`${registry}/${name}`);
    const full = `${host}/${repository}`;
    let mirror = mirrors.get(full);
    if (!mirror) {
      // A port is no part of a repository's name.
      const cache = await storage.repositories(full.replace(":", "_"));
      mirrors.set(full, mirror = pullThrough(registries(full), cache, { fresh }));
    }
    return mirror;
  };
  return {
    ...storage,
    repositories: async (name, origin) => {
      for (const upstream of upstreams) {
        const { registry, prefix } = upstream;
        if (origin === registry) return await mirrorOf(upstream, name);
        if (prefix !== undefined && origin === undefined && name.startsWith(`${prefix}/`)) {
          return await mirrorOf(upstream, name.slice(prefix.length + 1));
        }
      }
      return await storage.repositories(name, origin);
    },
  };
}
