/**
 * The config of an image: what to run in it, and what it is made of.
 *
 * @module
 */

import {
  aString,
  checkDigest,
  checkFields,
  type Fields,
  has,
  isObject,
  listOf,
  stringMap,
  strings,
} from "./check.ts";
import type { Digest } from "./digest.ts";
import { parseJson } from "./json.ts";

/** How to tell whether a container is well: Docker's extension. Times are in nanoseconds, 0 is the default. */
export interface Healthcheck {
  /** `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", command]`; empty to inherit. */
  Test?: string[] | null;
  /** Time between checks. */
  Interval?: number;
  /** Time a check may take. */
  Timeout?: number;
  /** Time to start in, in which failures do not count. */
  StartPeriod?: number;
  /** Time between checks while starting. */
  StartInterval?: number;
  /** Failures in a row until the container is unwell. */
  Retries?: number;
}

/** What to run in a container of an image. Docker writes `null` for empty lists and maps. */
export interface ContainerConfig {
  /** User and group to run as. */
  User?: string;
  /** Ports that are listened on: `"80/tcp": {}`. */
  ExposedPorts?: Record<string, unknown> | null;
  /** Environment: `NAME=value`. */
  Env?: string[] | null;
  /** The command, before {@link ContainerConfig.Cmd}. */
  Entrypoint?: string[] | null;
  /** The command, or arguments of the entry point. */
  Cmd?: string[] | null;
  /** Directories for data of the container's own: `"/data": {}`. */
  Volumes?: Record<string, unknown> | null;
  /** Directory to start in. */
  WorkingDir?: string;
  /** Notes. */
  Labels?: Record<string, string> | null;
  /** Signal that asks to stop. */
  StopSignal?: string;
  /** Docker: how to tell whether it is well. */
  Healthcheck?: Healthcheck | null;
  /** Docker: shell of `RUN`, `CMD` and `ENTRYPOINT` in builds on top of it. */
  Shell?: string[] | null;
  /** Docker: instructions for builds on top of it. */
  OnBuild?: string[] | null;
  /** Docker on Windows: the command is one line, escaped already. */
  ArgsEscaped?: boolean;
  /** Reserved: limit of memory in bytes. */
  Memory?: number;
  /** Reserved: limit of memory and swap in bytes. */
  MemorySwap?: number;
  /** Reserved: relative share of processor time. */
  CpuShares?: number;
}

/** How a layer came about. */
export interface History {
  /** When, in RFC 3339. */
  created?: string;
  /** The command that made it. */
  created_by?: string;
  /** Who made it. */
  author?: string;
  /** A note. */
  comment?: string;
  /** There is no layer to it. */
  empty_layer?: boolean;
}

/** The config of an image. Fields that the type does not name are kept in the object. */
export interface ConfigFile {
  /** Processor, as Go names it. */
  architecture: string;
  /** Operating system, as Go names it. */
  os: string;
  /** Version of the operating system. */
  "os.version"?: string;
  /** What the operating system must offer. */
  "os.features"?: string[] | null;
  /** Variant of the processor. */
  variant?: string;
  /** When the image was made, in RFC 3339. */
  created?: string;
  /** Who made it. */
  author?: string;
  /** What to run in it. */
  config?: ContainerConfig | null;
  /** What it is made of. */
  rootfs: {
    /** Always `layers`. */
    type: string;
    /** What the layers hash to uncompressed, base first. */
    diff_ids: Digest[];
  };
  /** How each layer came about, base first; empty layers included. */
  history?: History[] | null;
}

const aMap = [isObject, "a map"] as const;
const aFlag = [(value: unknown) => typeof value === "boolean", "true or false"] as const;

const fields: Fields = {
  architecture: aString,
  os: aString,
  "os.version": aString,
  "os.features": strings,
  variant: aString,
  created: aString,
  author: aString,
  history: [listOf(isObject), "a list of objects"],
};

const containerFields: Fields = {
  User: aString,
  ExposedPorts: aMap,
  Env: strings,
  Entrypoint: strings,
  Cmd: strings,
  Volumes: aMap,
  WorkingDir: aString,
  Labels: stringMap,
  StopSignal: aString,
  Healthcheck: aMap,
  Shell: strings,
  OnBuild: strings,
  ArgsEscaped: aFlag,
};

const historyFields: Fields = {
  created: aString,
  created_by: aString,
  author: aString,
  comment: aString,
  empty_layer: aFlag,
};

/**
 * Reads the config of an image, OCI's or Docker's. Known fields have their type or are `null`; unknown ones stay.
 *
 * @param what Names the document in errors.
 * @throws {GantryError} `invalid-document`; `invalid-digest` and `unsupported` for bad diff ids.
 *
 * @example
 * ```ts
 * import { parseConfig } from "@gantry/oci/spec";
 *
 * const bytes = new TextEncoder().encode(
 *   '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}',
 * );
 * parseConfig(bytes).architecture; // "amd64"
 * ```
 */
export function parseConfig(bytes: Uint8Array, what = "config"): ConfigFile {
  const file = parseJson(bytes, what);
  checkFields(file, fields, ["architecture", "os", "rootfs"], what);
  const rootfs = file["rootfs"];
  checkFields(
    rootfs,
    { type: [(value) => value === "layers", '"layers"'], diff_ids: strings },
    ["type"],
    `the rootfs of ${what}`,
  );
  // Go writes an image without layers this way.
  if (rootfs["diff_ids"] === null || rootfs["diff_ids"] === undefined) rootfs["diff_ids"] = [];
  (rootfs["diff_ids"] as string[]).forEach((id, i) => checkDigest(id, `diff id ${i} of ${what}`));
  if (has(file, "config")) checkFields(file["config"], containerFields, [], `the config of ${what}`);
  for (const [i, entry] of Object.entries(file["history"] ?? [])) {
    checkFields(entry, historyFields, [], `history ${i} of ${what}`);
  }
  return file as unknown as ConfigFile;
}
