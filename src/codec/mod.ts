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

import { addCodecEngine } from "./engine.ts";
import { wasmEngines } from "./wasm.ts";

// Rows in a table: the core is loaded when one of them works. `@gantry/oci/edge` has neither. The inflater is faster than
// the zlib of Deno, Bun and Node (bench/results.md).
for (const engine of wasmEngines()) addCodecEngine(engine, "node:zlib");

export type { Bytes } from "../bytes.ts";
export { type DecodeOptions, decompress, gunzip, unzstd } from "./decode.ts";
export { type EncodeOptions, gzip, zstd } from "./encode.ts";
export { addCodecEngine, type CodecEngine, codecEngines, type Job, type Work } from "./engine.ts";
export type { Limits } from "./limits.ts";
export { coreBytes } from "../../wasm/core.ts";
export { wasmEngines } from "./wasm.ts";
export { type Compression, sniff, sniffLength } from "./sniff.ts";
