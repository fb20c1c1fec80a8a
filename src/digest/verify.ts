import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { algorithmOf, type Digest } from "../spec/digest.ts";
import type { EngineOptions, Hasher } from "./engine.ts";
import { createHasher, hashAndPass } from "./hasher.ts";

/** What the bytes must be. */
export interface Expected {
  /** Their digest. */
  digest: Digest;
  /** How many there are, if known. */
  size?: number | undefined;
}

/** How to verify, and what to say when it fails. */
export interface VerifyOptions extends EngineOptions {
  /** What is read, for the message: `blob sha256:… of ghcr.io/acme/app`. */
  what: string;
}

/**
 * Passes bytes on, and ends with an error unless they are the expected ones. The size is checked first: a stream that is
 * too long breaks at the chunk that exceeds it, which does not pass.
 *
 * The stream errors with a `GantryError`: `size-mismatch`, `digest-mismatch`, or `no-engine` where nothing can hash a
 * stream.
 *
 * @example
 * ```ts
 * import { digestBytes, verifying } from "@gantry/oci/digest";
 *
 * const bytes = new TextEncoder().encode("{}");
 * const expected = { digest: await digestBytes(bytes), size: bytes.byteLength };
 * const verified = new Response(bytes).body!.pipeThrough(verifying(expected, { what: "the empty config" }));
 * console.log(await new Response(verified).text()); // {}
 * ```
 */
export function verifying(expected: Expected, options: VerifyOptions): TransformStream<Bytes, Bytes> {
  const { digest, size } = expected;
  let hasher: Hasher | undefined;
  let seen = 0;
  const fail = (code: "size-mismatch" | "digest-mismatch", reason: string): GantryError => {
    hasher?.[Symbol.dispose]?.();
    return new GantryError(code, `read ${options.what}: ${reason}`);
  };
  // TypeScript does not know `cancel` yet: https://github.com/whatwg/streams/pull/1283
  const transformer: Transformer<Bytes, Bytes> & { cancel(): void } = {
    async start() {
      hasher = await createHasher(algorithmOf(digest), options);
    },
    transform(chunk, controller) {
      seen += chunk.byteLength;
      if (size !== undefined && seen > size) {
        throw fail("size-mismatch", `more than the expected ${size} bytes`);
      }
      return hashAndPass(hasher!, chunk, controller);
    },
    async flush() {
      if (size !== undefined && seen < size) throw fail("size-mismatch", `${seen} bytes, expected ${size}`);
      const actual = await hasher!.digest();
      if (actual !== digest) throw fail("digest-mismatch", `${actual}, expected ${digest}`);
    },
    cancel() {
      hasher?.[Symbol.dispose]?.();
    },
  };
  return new TransformStream(transformer);
}
