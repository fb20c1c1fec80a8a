import type { Bytes } from "../bytes.ts";
import { codecEngine } from "./engines.ts";
import { pipe } from "./pipe.ts";

/** How many pieces threads compress before they are wanted. */
const piecesAhead = 8;

/** How to compress. */
export interface EncodeOptions {
  /** The name of an engine. Default: the first that this runtime has. */
  engine?: string | undefined;
  /**
   * How hard, in the format's own figures. gzip: 1 (fast), 6 (the default) or 9 (small); engines asked for by name have
   * others. zstd: 1 to 22, default 3; zstd-codec has 1 to 9.
   */
  level?: number | undefined;
  /**
   * gzip: how many threads compress, this one among them; `"auto"` for as many as there are processors. The bytes are the
   * same. Default: 1.
   */
  workers?: number | "auto" | undefined;
}

/**
 * Compresses to gzip. The same input and level give the same bytes on every runtime, so that a layer built twice has one
 * digest; the zlibs of Deno, Bun and Node do not, and are taken only when they are asked for by name.
 *
 * @throws {GantryError} `no-engine` where the engine is not there, `unsupported` for a level or a number of workers that it
 * does not have.
 *
 * @example
 * ```ts
 * import { gzip } from "@gantry/oci/codec";
 *
 * new Response("a layer").body!.pipeThrough(gzip({ level: 9, workers: "auto" }));
 * ```
 */
export function gzip(options: EncodeOptions = {}): TransformStream<Bytes, Bytes> {
  const engine = codecEngine("gzip", options.engine);
  // Threads have work while the reader is busy with what they have made.
  const ahead = (options.workers ?? 1) === 1 ? 0 : piecesAhead;
  return pipe((input) => engine.run(input, options), { ahead });
}

/**
 * Compresses to one zstd frame with a checksum. Its bytes depend on the engine and its version.
 *
 * @throws {GantryError} `no-engine` where nothing can do it, `unsupported` for a level that the engine does not have.
 *
 * @example
 * ```ts
 * import { zstd } from "@gantry/oci/codec";
 *
 * new Response("a layer").body!.pipeThrough(zstd({ level: 9 }));
 * ```
 */
export function zstd(options: EncodeOptions = {}): TransformStream<Bytes, Bytes> {
  const engine = codecEngine("zstd", options.engine);
  return pipe((input) => engine.run(input, options));
}
