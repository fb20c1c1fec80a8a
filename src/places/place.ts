import type { Source, Target } from "../content/mod.ts";
import type { DaemonOptions } from "../daemon/mod.ts";
import type { S3Options } from "../objects/mod.ts";
import { type Registries, registries, type RegistryOptions } from "../registry/mod.ts";
import type { Store } from "../store/mod.ts";
import type { Clients, SourceOptions } from "./scheme.ts";
import { parsePlace, targetOf } from "./schemes.ts";

/** Somewhere to read an image from, and its name there. */
export interface SourcePlace {
  /** What it is read from. */
  source: Source;
  /** Its tag or digest; without one, the only image there. */
  name?: string | undefined;
}

/** Somewhere to write an image to or read it from, and its name there. */
export interface TargetPlace {
  /** What it is written to. */
  target: Target;
  /** Its tag or digest. Without one, an image is written untagged, and the only image there is read. */
  name?: string | undefined;
}

/** How to reach places that strings name. */
export interface PlaceOptions {
  /** Options for registries, such as credentials; or a client, which logs in once for all that is done with it. */
  registry?: RegistryOptions | Registries | undefined;
  /** How the Docker engine is reached. Default: over its own socket. */
  daemon?: DaemonOptions | undefined;
  /** The store that `store:NAME` is in, or its directory. Default: there is none. */
  store?: Store | string | undefined;
  /** How buckets are reached: the server, the region, the keys. Default: Amazon's, without keys. */
  s3?: Omit<S3Options, "bucket"> | undefined;
  /**
   * Has layouts take blobs from other layouts on the same disk without copying their bytes: by hard links. Default: false.
   */
  link?: boolean | undefined;
}

/**
 * The place that a string names, to write to and to read from: `registry/name:tag` and `registry/name@digest`, as
 * `docker pull` takes them, with or without `docker://` before it; or `oci:DIRECTORY` and `oci:DIRECTORY:NAME` for an OCI
 * image layout, whose directory ends at the first colon, as with skopeo; or `store:NAME:TAG`. Archives are read with {@link sourcePlace} and
 * written with {@link copy}.
 *
 * @throws {GantryError} `invalid-name`, `invalid-digest`; `unsupported` for other kinds of places.
 *
 * @example
 * ```ts
 * import { place } from "@gantry/oci";
 *
 * const { target, name } = place("oci:./images:alpine");
 * console.log(typeof target.write, name); // function alpine
 * ```
 */
export function place(text: string, options: PlaceOptions = {}): TargetPlace {
  const parsed = parsePlace(text);
  return { target: targetOf(parsed, text, clientsOf(options)), name: parsed.name };
}

/**
 * The place that a string names, to read from: what {@link place} takes, and archives. `docker-archive:FILE` and
 * `docker-archive:FILE:NAME:TAG`, `oci-archive:FILE` and `oci-archive:FILE:NAME` read any of either kind, see
 * {@link archive}.
 *
 * @throws {GantryError} What {@link place} throws.
 *
 * @example
 * ```ts
 * import { sourcePlace } from "@gantry/oci";
 *
 * const { source, name } = sourcePlace("docker-archive:./app.tar:app:v1");
 * console.log(typeof source.names, name); // function app:v1
 * ```
 */
export function sourcePlace(text: string, options: PlaceOptions & SourceOptions = {}): SourcePlace {
  const parsed = parsePlace(text);
  return { source: parsed.source(clientsOf(options), options), name: parsed.name };
}

/** The clients that options ask for. */
export function clientsOf({ registry, daemon, store, s3, link }: PlaceOptions): Clients {
  const client = typeof registry === "function" ? registry : registries(registry);
  return { registry: client, daemon, store, s3, link };
}
