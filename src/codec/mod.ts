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

import { registerCodecEngines } from "./default_engines.ts";

registerCodecEngines();

export { coreBytes } from "../../wasm/core.ts";
export type { Bytes } from "../bytes.ts";
export type { Engine } from "../engine_table.ts";
export { type DecodeOptions, decompress, gunzip, unzstd } from "./decode.ts";
export { type EncodeOptions, gzip, zstd } from "./encode.ts";
export type { CodecEngine, Job, Work } from "./engine.ts";
export { addCodecEngine, codecEngines } from "./engines.ts";
export type { DecodeLimits } from "./limits.ts";
export { type Compression, sniff, sniffLength } from "./sniff.ts";
export { wasmEngines } from "./wasm_engines.ts";
