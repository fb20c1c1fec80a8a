import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import type { Algorithm, Digest } from "../spec/digest.ts";
import type { EngineOptions, Hasher } from "./engine.ts";
import { createHasher, hashAndPass } from "./hasher.ts";

/** The digest and the size of a stream. */
export interface Digested {
  /** The digest of its bytes. */
  digest: Digest;
  /** How many there were. */
  size: number;
}

/**
 * Passes bytes on, and gives their digest and size at the end. The result is rejected when the stream breaks or is
 * cancelled before its end; it may be ignored.
 *
 * The stream errors with a `GantryError` `no-engine` where nothing can hash a stream.
 *
 * @example
 * ```ts
 * import { digesting } from "@gantry/oci/digest";
 *
 * const { stream, result } = digesting();
 * await new Response("{}").body!.pipeThrough(stream).pipeTo(new WritableStream());
 * console.log(await result); // { digest: "sha256:44136fa3…", size: 2 }
 * ```
 */
export function digesting(
  algorithm: Algorithm = "sha256",
  options: EngineOptions = {},
): { stream: TransformStream<Bytes, Bytes>; result: Promise<Digested> } {
  let resolve!: (digested: Digested) => void, reject!: (reason: unknown) => void;
  const result = new Promise<Digested>((...settle) => [resolve, reject] = settle);
  result.catch(() => {});
  const fail = (error: unknown): never => {
    reject(error);
    throw error;
  };
  let hasher: Hasher | undefined;
  let size = 0;
  // TypeScript does not know `cancel` yet: https://github.com/whatwg/streams/pull/1283
  const transformer: Transformer<Bytes, Bytes> & { cancel(reason: unknown): void } = {
    async start() {
      hasher = await createHasher(algorithm, options).catch(fail);
    },
    transform(chunk, controller) {
      size += chunk.byteLength;
      return hashAndPass(hasher!, chunk, controller)?.catch(fail);
    },
    async flush() {
      resolve({ digest: await hasher!.digest().catch(fail), size });
    },
    cancel(reason) {
      hasher?.[Symbol.dispose]?.();
      reject(reason ?? new GantryError("not-computed", "digest a stream: it was cancelled before its end"));
    },
  };
  return { stream: new TransformStream(transformer), result };
}
