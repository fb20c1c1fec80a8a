import { hex } from "../bytes.ts";
import type { Algorithm, Digest } from "../spec/digest.ts";

/** What Web Crypto calls the algorithms. */
export const webName: Record<Algorithm, string> = { sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" };

/** The digest string of a raw hash. */
export function digestOf(algorithm: Algorithm, hash: ArrayBuffer): Digest {
  return `${algorithm}:${hex(new Uint8Array(hash))}`;
}
