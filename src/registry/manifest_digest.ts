import type { Bytes } from "../bytes.ts";
import type { DigestBytes } from "../digest/subtle.ts";
import { algorithmOf, type Digest, isDigest } from "../spec/digest.ts";
import { checkBytes } from "./digest_check.ts";

/** What the digest of a signed manifest is about; undefined for one that is not signed. */
export type SignedPart = (bytes: Bytes, what: string) => Bytes | undefined;

/** What names a manifest by its digest. */
export interface ManifestDigestOptions {
  /** What is being done, for messages. */
  what: string;
  signedPart: SignedPart | undefined;
  digestBytes: DigestBytes;
}

/**
 * Checks the bytes of a manifest.
 *
 * @throws {GantryError} `digest-mismatch`.
 */
export async function checkManifest(
  bytes: Bytes,
  digest: Digest,
  { what, signedPart, digestBytes }: ManifestDigestOptions,
): Promise<void> {
  const signed = signedPart?.(bytes, what);
  if (!signed || await digestBytes(signed, algorithmOf(digest)) !== digest) {
    await checkBytes(bytes, digest, { what, digestBytes });
  }
}

/** The digest of a manifest. What a registry claims decides which algorithm is used, and nothing else. */
export async function digestManifest(
  bytes: Bytes,
  claimed: string,
  { what, signedPart, digestBytes }: ManifestDigestOptions,
): Promise<Digest> {
  const named = signedPart?.(bytes, what) ?? bytes;
  // Many claim a wrong one: https://github.com/GoogleContainerTools/kaniko/issues/298
  const actual = await digestBytes(named, isDigest(claimed) ? algorithmOf(claimed) : "sha256");
  return actual === claimed ? actual : await digestBytes(named, "sha256");
}
