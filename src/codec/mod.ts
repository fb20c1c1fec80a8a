/**
 * gzip and zstd as transform streams.
 *
 * @example
 * ```ts
 * import { decompress, zstd } from "@gantry/oci/codec";
 *
 * const layer = new Response("a layer").body!.pipeThrough(zstd());
 * console.log(await new Response(layer.pipeThrough(decompress())).text()); // a layer
 * ```
 *
 * @module
 */

export type { Bytes } from "../bytes.ts";
export { type DecodeOptions, decompress, gunzip, unzstd } from "./decode.ts";
export { type EncodeOptions, gzip, zstd } from "./encode.ts";
export { addCodecEngine, type CodecEngine, codecEngines, type Job, type Work } from "./engine.ts";
export type { Limits } from "./limits.ts";
export { type Compression, sniff, sniffLength } from "./sniff.ts";
