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

import { addHashEngine } from "./engine.ts";
import { laneEngine } from "./lane_engine.ts";

// A row in a table: the core is loaded when streams are hashed side by side. `@gantry/oci/edge` does not have it.
addHashEngine(laneEngine);

export type { Bytes } from "../bytes.ts";
export type { Algorithm, Digest } from "../spec/digest.ts";
export { type Digested, digesting } from "./digesting.ts";
export { addHashEngine, type EngineOptions, type HashEngine, hashEngines, type Hasher } from "./engine.ts";
export { digestAll, type DigestAllOptions, type DigestInput } from "./digest_all.ts";
export { createHasher, digestBytes } from "./hasher.ts";
export { type Expected, verifying, type VerifyOptions } from "./verify.ts";
