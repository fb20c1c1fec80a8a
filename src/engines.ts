/**
 * All engines of the library: which are there, and which is taken for what.
 *
 * @module
 */

import { registerCodecEngines } from "./codec/default_engines.ts";
import type { Work } from "./codec/engine.ts";
import { addDefaultCodecEngine, defaultCodecEngine } from "./codec/engines.ts";
import { zstdCodec } from "./codec/zstd_codec.ts";
import { registerHashEngines } from "./digest/default_engines.ts";
import { addDefaultHashEngine, streamEngine, suitedEngine } from "./digest/engines.ts";
import { hashWasm } from "./digest/hash_wasm.ts";

/**
 * Adds all engines that the library has to those of the runtime: the WASM core, and the npm packages hash-wasm and
 * zstd-codec for runtimes that have nothing of their own. They are rows in tables: what they need is loaded and compiled
 * when one is first used. What a caller has added under the same name stays.
 *
 * zstd-codec is here and not behind the door to the codecs because a bundler for browsers has to be told about it.
 */
export function registerDefaultEngines(): void {
  registerHashEngines();
  registerCodecEngines();
  addDefaultHashEngine(hashWasm);
  for (const engine of zstdCodec) addDefaultCodecEngine(engine);
}

/** Which engine does what here, by name; undefined where none can. */
export interface Engines {
  /** Hashes a stream. */
  readonly digest: string | undefined;
  /** Hashes several streams at once, as `copy` and `digestAll` do. */
  readonly digestMany: string | undefined;
  /** Compresses layers. */
  readonly gzip: string | undefined;
  /** Decompresses them. */
  readonly gunzip: string | undefined;
  /** Compresses layers with zstd. */
  readonly zstd: string | undefined;
  /** Decompresses those. */
  readonly unzstd: string | undefined;
}

/**
 * Which engine is taken for what when none is asked for. It depends on the runtime and, for several streams at once, on
 * the processor: the first call measures that, which takes some milliseconds.
 *
 * @example
 * ```ts
 * import { engines } from "@gantry/oci";
 *
 * console.log(await engines()); // { digest: "node:crypto", digestMany: "wasm", gzip: "wasm", … }
 * ```
 */
export async function engines(): Promise<Engines> {
  const digest = streamEngine() ?? await suitedEngine("sha256", 1);
  const digestMany = await suitedEngine("sha256", 4) ?? digest;
  const nameOf = (work: Work) => defaultCodecEngine(work)?.name;
  return {
    digest: digest?.name,
    digestMany: digestMany?.name,
    gzip: nameOf("gzip"),
    gunzip: nameOf("gunzip"),
    zstd: nameOf("zstd"),
    unzstd: nameOf("unzstd"),
  };
}
