import type { DigestBytes } from "../digest/subtle.ts";
import { GantryError } from "../errors.ts";
import type { HttpResponse } from "../http/response.ts";
import { algorithmOf, type Digest, isDigest } from "../spec/digest.ts";

/**
 * Checks bytes in memory.
 *
 * @throws {GantryError} `digest-mismatch`.
 */
export async function checkBytes(
  bytes: Uint8Array,
  digest: Digest,
  { what, digestBytes }: { what: string; digestBytes: DigestBytes },
): Promise<void> {
  const actual = await digestBytes(bytes, algorithmOf(digest));
  if (actual !== digest) throw new GantryError("digest-mismatch", `${what}: the bytes are ${actual}`);
}

/**
 * Checks the digest of what a registry has stored, if it tells one of this algorithm.
 *
 * @throws {GantryError} `digest-mismatch`.
 */
export function checkStored({ headers, what }: HttpResponse, digest: Digest): void {
  const stored = headers.get("docker-content-digest") ?? "";
  if (isDigest(stored) && algorithmOf(stored) === algorithmOf(digest) && stored !== digest) {
    throw new GantryError("digest-mismatch", `${what}: the registry says it is ${stored}, not ${digest}`);
  }
}
