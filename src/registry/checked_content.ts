import { type Bytes, observed, readAll } from "../bytes.ts";
import type { Content, Options } from "../content/contracts.ts";
import { digestBytes } from "../digest/hasher.ts";
import { type Digested, digesting } from "../digest/digesting.ts";
import { verifying } from "../digest/verify.ts";
import { GantryError } from "../errors.ts";
import { checkBytes } from "./digest_check.ts";

/** Reads small content into memory and checks its size and digest. */
export async function readContent(
  content: Content,
  { what, limit, signal }: Options & { what: string; limit: number },
): Promise<Digested & { bytes: Bytes }> {
  const stream = sized(await content.open({ unverified: true, signal }), content.size, what);
  const bytes = await readAll(stream, { limit, what, signal });
  if (content.digest) await checkBytes(bytes, content.digest, { what, digestBytes });
  return { bytes, digest: content.digest ?? await digestBytes(bytes), size: bytes.byteLength };
}

/** Content that fails where its size or digest turns out to be wrong. `sent` tells both after the stream has ended. */
export function checkedContent(
  content: Content,
  what: string,
): { content: Content; sent(): Promise<Digested> } {
  let size = 0;
  let result: Promise<Digested> | undefined;
  const open = async ({ signal }: Options = {}) => {
    size = 0;
    const counted = observed(sized(await content.open({ unverified: true, signal }), content.size, what), {
      chunk: (chunk) => void (size += chunk.byteLength),
    });
    if (content.digest) return counted.pipeThrough(verifying({ digest: content.digest }, { what }));
    const hashed = digesting();
    result = hashed.result;
    return counted.pipeThrough(hashed.stream);
  };
  return {
    content: { ...content, open },
    sent: async () => ({ digest: content.digest ?? (await result!).digest, size }),
  };
}

/** The same stream; it fails where it does not have this size. */
function sized(stream: ReadableStream<Bytes>, size: number | undefined, what: string): ReadableStream<Bytes> {
  let left = size ?? Infinity;
  const mismatch = (found: string) =>
    new GantryError("size-mismatch", `${what}: ${found} bytes, expected ${size}`);
  return observed(stream, {
    chunk(chunk) {
      left -= chunk.byteLength;
      if (left < 0) throw mismatch(`at least ${size! - left}`);
    },
    done() {
      if (size !== undefined && left > 0) throw mismatch(String(size - left));
    },
  });
}
