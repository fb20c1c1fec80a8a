import { type Bytes, readAll, streamOf } from "../bytes.ts";
import { verifying } from "../digest/verify.ts";
import { digestBytes } from "../digest/hasher.ts";
import { GantryError } from "../errors.ts";
import { algorithmOf } from "../spec/digest.ts";
import type { Address, Options, Role, Source } from "./contracts.ts";

/** The largest manifest, index or config that is read by default, in bytes. */
export const documentLimit: number = 8 * 1024 * 1024;

/**
 * Opens all of some bytes; the stream errors at its end when they are not what the address says.
 *
 * @throws {GantryError} `not-found`; later, from the stream, `size-mismatch` or `digest-mismatch`.
 */
export async function readVerified(
  source: Source,
  what: Address,
  options: Options & { role?: Role | undefined } = {},
): Promise<ReadableStream<Bytes>> {
  const embedded = await embeddedBytes(what);
  if (embedded) return streamOf(embedded);
  const bytes = await source.open(what, { role: options.role, signal: options.signal });
  return bytes.pipeThrough(verifying(what, { what: `blob ${what.digest}` }));
}

/**
 * Reads a document whole and verifies it.
 *
 * @throws {GantryError} `not-found`, `too-large`, `size-mismatch`, `digest-mismatch`.
 */
export async function readDocument(
  source: Source,
  what: Address,
  options: Options & { role?: Role | undefined; limit?: number | undefined } = {},
): Promise<Bytes> {
  const limit = options.limit ?? documentLimit;
  if (what.size !== undefined && what.size > limit) {
    throw new GantryError("too-large", `read ${what.digest}: ${what.size} bytes, the limit is ${limit}`);
  }
  const bytes = await readVerified(source, what, options);
  return await readAll(bytes, { limit, what: what.digest, signal: options.signal });
}

/** The bytes that a descriptor carries itself, if they are the right ones. */
async function embeddedBytes(what: Address): Promise<Bytes | undefined> {
  if (what.data === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(what.data), (character) => character.charCodeAt(0));
    const right = bytes.byteLength === what.size &&
      await digestBytes(bytes, algorithmOf(what.digest)) === what.digest;
    return right ? bytes : undefined;
  } catch {
    return undefined; // not base64: the bytes themselves are still to be had
  }
}
