import type { Bytes } from "../bytes.ts";
import type { Algorithm, Digest } from "../spec/digest.ts";
import { CountedHasher } from "./counted_hasher.ts";
import { type EngineOptions, hashEngine, type Hasher, noHashEngine, suitedEngine } from "./engine.ts";

/**
 * Starts a hash of bytes that come in pieces. One that is not ended should be disposed of.
 *
 * @throws {GantryError} `no-engine` where the runtime has no streaming hash and none was added.
 *
 * @example
 * ```ts
 * import { createHasher } from "@gantry/oci/digest";
 *
 * const hasher = await createHasher();
 * await hasher.update(new TextEncoder().encode("{"));
 * await hasher.update(new TextEncoder().encode("}"));
 * console.log(await hasher.digest()); // sha256:44136fa3…
 * ```
 */
export async function createHasher(
  algorithm: Algorithm = "sha256",
  options: EngineOptions = {},
): Promise<Hasher> {
  const { engine: name } = options;
  const suited = name === undefined ? await suitedEngine(algorithm, CountedHasher.count) : undefined;
  const engine = suited ?? hashEngine("create", name);
  if (!engine) throw noHashEngine(`hash a stream with ${algorithm}`, name);
  return new CountedHasher(await engine.create(algorithm));
}

/**
 * The digest of bytes in memory.
 *
 * @throws {GantryError} `no-engine` where nothing can hash, or no engine of the name asked for.
 *
 * @example
 * ```ts
 * import { digestBytes } from "@gantry/oci/digest";
 *
 * console.log(await digestBytes(new TextEncoder().encode("{}"))); // sha256:44136fa3…
 * ```
 */
export async function digestBytes(
  bytes: Uint8Array,
  algorithm: Algorithm = "sha256",
  options: EngineOptions = {},
): Promise<Digest> {
  const engine = hashEngine("digest", options.engine);
  if (engine) return await engine.digest(bytes, algorithm);
  const hasher = await createHasher(algorithm, options);
  await hasher.update(bytes);
  return await hasher.digest();
}

/** Hashes a chunk on its way through a stream. */
export function hashAndPass(
  hasher: Hasher,
  chunk: Bytes,
  controller: TransformStreamDefaultController<Bytes>,
): Promise<void> | undefined {
  const hashed = hasher.update(chunk);
  // An engine that hashes in the background must be done before the reader gets the bytes and may change them.
  if (hashed) return hashed.then(() => controller.enqueue(chunk));
  controller.enqueue(chunk);
}
