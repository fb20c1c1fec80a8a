/**
 * Hashing: bytes and streams to digests, and streams that verify themselves.
 *
 * The engines are the runtime's own; `digestAll` also has the lanes of the WASM core, where they are faster. `@gantry/oci` adds hash-wasm for browsers, which have no streaming hash.
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

export type { Bytes } from "../bytes.ts";
export type { Algorithm, Digest } from "../spec/digest.ts";
export { type Digested, digesting } from "./digesting.ts";
export { addHashEngine, type EngineOptions, type HashEngine, hashEngines, type Hasher } from "./engine.ts";
export { digestAll, type DigestAllOptions, type DigestInput } from "./digest_all.ts";
export { createHasher, digestBytes } from "./hasher.ts";
export { type Expected, verifying, type VerifyOptions } from "./verify.ts";
