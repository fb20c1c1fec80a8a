import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import type { Algorithm, Digest } from "../spec/digest.ts";
import type { HashEngine } from "./engine.ts";
import { digestOf, webName } from "./web_crypto.ts";

/** Hashes bytes in memory. */
export type DigestBytes = (bytes: Uint8Array, algorithm: Algorithm) => Promise<Digest>;

/** Hashes with Web Crypto, without the table of engines. */
export async function webDigest(bytes: Uint8Array, algorithm: Algorithm): Promise<Digest> {
  if (!subtle.available()) {
    throw new GantryError("no-engine", "hash: browsers have Web Crypto over HTTPS only");
  }
  return await subtle.digest!(bytes, algorithm);
}

/** Web Crypto, which every runtime has and which hashes buffers only. */
export const subtle: HashEngine = {
  name: "subtle",
  available: () => globalThis.crypto?.subtle !== undefined,
  async digest(bytes: Uint8Array, algorithm: Algorithm): Promise<Digest> {
    return digestOf(algorithm, await globalThis.crypto.subtle.digest(webName[algorithm], bytes as Bytes));
  },
};
