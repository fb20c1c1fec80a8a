import type { Bytes } from "../bytes.ts";
import type { Algorithm, Digest } from "../spec/digest.ts";
import { CountedHasher } from "./counted_hasher.ts";
import type { EngineOptions, Hasher } from "./engine.ts";
import { bufferEngine, noStreamEngine, streamEngine, suitedEngine } from "./engines.ts";

/**
 * Starts a hash of bytes that come in pieces. Dispose of one that you do not end.
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
  const suited = name === undefined ? await suitedEngine(algorithm, CountedHasher.active + 1) : undefined;
  const engine = suited ?? streamEngine(name);
  if (!engine) throw noStreamEngine(`hash a stream with ${algorithm}`, name);
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
  const engine = bufferEngine(options.engine);
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
  // The reader may change the bytes once it has them, so an engine that hashes in the background has to be done first.
  if (hashed) return hashed.then(() => controller.enqueue(chunk));
  controller.enqueue(chunk);
}
