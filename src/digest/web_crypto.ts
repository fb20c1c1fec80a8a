import type { Algorithm, Digest } from "../spec/digest.ts";

/** What Web Crypto calls the algorithms. */
export const webName: Record<Algorithm, string> = { sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" };

/** The digest string of a raw hash. */
export function digestOf(algorithm: Algorithm, hash: ArrayBuffer): Digest {
  const hex = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0"));
  return `${algorithm}:${hex.join("")}`;
}
