import { type Bytes, readAll } from "../bytes.ts";
import type { Address, Options } from "../content/contracts.ts";
import { documentLimit } from "../content/read.ts";
import { verifying } from "../digest/verify.ts";
import { GantryError } from "../errors.ts";
import type { Digest } from "../spec/digest.ts";

/** Where blobs are whose bytes come unverified. */
interface KeptBlobs {
  path(digest: Digest): string;
  facts(digest: Digest): Promise<{ readonly size: number } | undefined>;
  open(what: Address, options: Options): Promise<ReadableStream<Bytes>>;
}

/** A document whole and verified. */
export async function readKept(
  blobs: KeptBlobs,
  what: Address,
  { limit = documentLimit, signal }: Options & { limit?: number | undefined },
): Promise<Bytes> {
  const path = blobs.path(what.digest);
  const size = what.size ?? (await blobs.facts(what.digest))?.size ?? 0;
  if (size > limit) {
    throw new GantryError("too-large", `read ${path}: ${size} bytes, the limit is ${limit}`);
  }
  const bytes = await blobs.open(what, { signal });
  return await readAll(bytes.pipeThrough(verifying(what, { what: path })), { limit, what: path, signal });
}
