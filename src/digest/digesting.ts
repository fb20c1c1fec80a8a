import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import type { Algorithm, Digest } from "../spec/digest.ts";
import type { EngineOptions, Hasher } from "./engine.ts";
import { createHasher, hashAndPass } from "./hasher.ts";

/** What a stream turned out to be. */
export interface Digested {
  /** What its bytes hash to. */
  digest: Digest;
  /** How many there were. */
  size: number;
}

/**
 * Lets bytes pass and tells at the end what they were. The result is rejected when the stream breaks or is cancelled
 * before its end; nobody has to look at it.
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
  const { promise: result, resolve, reject } = Promise.withResolvers<Digested>();
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
