import { type Bytes, chunksOf, streamOfPieces } from "../bytes.ts";
import { decompress } from "../codec/decode.ts";
import type { DecodeLimits } from "../codec/limits.ts";
import type { Hasher } from "../digest/engine.ts";
import { createHasher } from "../digest/hasher.ts";
import { digestOf } from "../digest/web_crypto.ts";
import type { Algorithm, Digest } from "../spec/digest.ts";

/** How to unpack a layer and hash its tar. */
export interface HashedTarOptions {
  /** Which layer, for messages. */
  what: string;
  limits?: DecodeLimits | undefined;
  /** Default: sha256. */
  algorithm?: Algorithm | undefined;
  /** Is told the digest of the tar before the reader learns of its end; what it throws, the reader gets. */
  done(digest: Digest): void;
}

/** The tar of a layer's bytes, unpacked and hashed in a thread where that pays, for those who read all of it. */
export function hashedTar(
  packed: ReadableStream<Bytes>,
  options: HashedTarOptions,
): ReadableStream<Bytes> {
  return streamOfPieces(pieces(packed, options));
}

async function* pieces(
  packed: ReadableStream<Bytes>,
  { what, limits, algorithm = "sha256", done }: HashedTarOptions,
): AsyncGenerator<Bytes, void, void> {
  let hasher: Hasher | undefined;
  let elsewhere: Promise<Bytes> | undefined;
  const onHash = algorithm === "sha256" ? (sha256: Promise<Bytes>) => void (elsewhere = sha256) : undefined;
  const tar = packed.pipeThrough(decompress({ what, limits, thread: true, onHash }));
  try {
    for await (const chunk of chunksOf(tar)) {
      if (!elsewhere) await (hasher ??= await createHasher(algorithm)).update(chunk);
      yield chunk;
    }
    if (elsewhere) return done(digestOf("sha256", (await elsewhere).buffer));
    const digest = await (hasher ?? await createHasher(algorithm)).digest();
    hasher = undefined;
    done(digest);
  } finally {
    hasher?.[Symbol.dispose]?.();
  }
}
