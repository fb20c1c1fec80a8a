import type { Bytes } from "../bytes.ts";
import { codecEngine } from "./engine.ts";
import { pipe } from "./pipe.ts";

/** How to compress. */
export interface EncodeOptions {
  /** The name of an engine; without one, the first that this runtime has. */
  engine?: string | undefined;
  /** How hard, in the format's own figures: gzip 0 to 9, 6 unless told; zstd 1 to 22, 3 unless told. */
  level?: number | undefined;
}

/**
 * Compresses to gzip. The same input must give the same bytes on every runtime, so that a layer built twice has one
 * digest; the zlibs of Deno, Bun and Node do not, and are taken only when they are asked for by name.
 *
 * @throws {GantryError} `no-engine` when no engine is named, or not one that is here.
 *
 * @example
 * ```ts
 * import { gzip } from "@gantry/oci/codec";
 *
 * new Response("a layer").body!.pipeThrough(gzip({ engine: "node:zlib", level: 9 }));
 * ```
 */
export function gzip(options: EncodeOptions = {}): TransformStream<Bytes, Bytes> {
  const engine = codecEngine("gzip", options.engine);
  return pipe((input) => engine.run(input, options));
}

/**
 * Compresses to one zstd frame with a checksum. Its bytes depend on the engine and its version.
 *
 * @throws {GantryError} `no-engine` where nothing can do it.
 *
 * @example
 * ```ts
 * import { zstd } from "@gantry/oci/codec";
 *
 * new Response("a layer").body!.pipeThrough(zstd({ level: 19 }));
 * ```
 */
export function zstd(options: EncodeOptions = {}): TransformStream<Bytes, Bytes> {
  const engine = codecEngine("zstd", options.engine);
  return pipe((input) => engine.run(input, options));
}
