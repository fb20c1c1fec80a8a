/**
 * Where new keys of documents go. Keys that were there keep their order; new ones go where Go's tools write them, so that
 * Gantry and crane make the same document of one that such a tool wrote.
 */

import type { JsonObject } from "../spec/json.ts";

const manifestKeys = "schemaVersion mediaType config layers manifests annotations subject artifactType".split(
  " ",
);
const configKeys =
  "architecture author container created docker_version history os rootfs config os.version variant os.features"
    .split(" ");
const containerKeys = [
  "AttachStderr AttachStdin AttachStdout Cmd Healthcheck Domainname Entrypoint Env Hostname Image Labels OnBuild",
  "OpenStdin StdinOnce Tty User Volumes WorkingDir ExposedPorts ArgsEscaped NetworkDisabled MacAddress StopSignal Shell",
].join(" ").split(" ");

/** Puts the keys that are new in a manifest, an index or a config, after an edit, where they belong. */
export function placeNewKeys(before: unknown, after: unknown): void {
  if (!isPlain(before) || !isPlain(after)) return;
  place(before, after, "schemaVersion" in after ? manifestKeys : configKeys);
  placeIn(before, after, "annotations", undefined);
  placeIn(before, after, "config", containerKeys);
  for (const name of ["Labels", "ExposedPorts", "Volumes"]) {
    placeIn(before["config"], after["config"], name, undefined);
  }
}

function placeIn(before: unknown, after: unknown, name: string, order: readonly string[] | undefined): void {
  if (!isPlain(after) || !isPlain(after[name])) return;
  const found = isPlain(before) ? before[name] : undefined;
  place(isPlain(found) ? found : {}, after[name], order);
}

/** Without an order, keys are sorted. A document whose own keys have another one gets new keys at its end. */
function place(before: JsonObject, after: JsonObject, order: readonly string[] | undefined): void {
  const old = Object.keys(after).filter((key) => Object.hasOwn(before, key));
  const added = Object.keys(after).filter((key) => !Object.hasOwn(before, key));
  const comes = (a: string, b: string) => order ? order.indexOf(a) - order.indexOf(b) : a < b ? -1 : 1;
  const known = (keys: readonly string[]) => order ? keys.filter((key) => order.includes(key)) : keys;
  const ranked = known(old);
  if (added.length === 0 || ranked.some((key, i) => i > 0 && comes(ranked[i - 1]!, key) > 0)) return;
  const keys = [...old];
  for (const key of known(added).toSorted(comes)) {
    const at = keys.findIndex((other) => known([other]).length > 0 && comes(other, key) > 0);
    keys.splice(at < 0 ? keys.length : at, 0, key);
  }
  reorder(after, [...keys, ...added.filter((key) => !keys.includes(key))]);
}

function reorder(object: JsonObject, keys: readonly string[]): void {
  if (Object.hasOwn(object, "__proto__")) return;
  const values = keys.map((key) => [key, object[key]] as const);
  for (const [key] of values) delete object[key];
  for (const [key, value] of values) object[key] = value;
}

function isPlain(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
