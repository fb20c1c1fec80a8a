/**
 * Hashing: bytes and streams to digests, and streams that verify themselves.
 *
 * The engines are the runtime's own and, where they are faster, the lanes of the WASM core, which hash several streams side
 * by side. `@gantry/oci` adds hash-wasm for browsers, which have no streaming hash.
 *
 * @example
 * ```ts
 * import { digestBytes } from "@gantry/oci/digest";
 *
 * console.log(await digestBytes(new TextEncoder().encode("{}"))); // sha256:44136fa3…
 * ```
 *
 * @module
 */

import { registerHashEngines } from "./default_engines.ts";

registerHashEngines();

export type { Bytes } from "../bytes.ts";
export type { Engine } from "../engine_table.ts";
export type { Algorithm, Digest } from "../spec/digest.ts";
export { digestAll, type DigestAllOptions, type DigestInput } from "./digest_all.ts";
export { type Digested, digesting } from "./digesting.ts";
export type { EngineOptions, HashEngine, Hasher } from "./engine.ts";
export { addHashEngine, hashEngines } from "./engines.ts";
export { createHasher, digestBytes } from "./hasher.ts";
export { type Expected, verifying, type VerifyOptions } from "./verify.ts";
