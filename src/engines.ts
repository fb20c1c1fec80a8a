import { codecEngines, type Work } from "./codec/mod.ts";
import { hashEngine, suitedEngine } from "./digest/engine.ts";

/** Which engine does what here, by name; nothing where none can. */
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
 * Which engine is taken for what when none is asked for. It depends on the runtime, and for several streams on the processor:
 * the first time it is found out by a measurement of some milliseconds.
 *
 * @example
 * ```ts
 * import { engines } from "@gantry/oci";
 *
 * console.log(await engines()); // { digest: "node:crypto", digestMany: "wasm", gzip: "wasm", … }
 * ```
 */
export async function engines(): Promise<Engines> {
  const digest = hashEngine("create", undefined) ?? await suitedEngine("sha256", 0);
  const digestMany = await suitedEngine("sha256", 3) ?? digest;
  return {
    digest: digest?.name,
    digestMany: digestMany?.name,
    gzip: nameOf("gzip"),
    gunzip: nameOf("gunzip"),
    zstd: nameOf("zstd"),
    unzstd: nameOf("unzstd"),
  };
}

function nameOf(work: Work): string | undefined {
  return codecEngines().find((engine) => engine.work === work && !engine.onlyByName)?.name;
}
