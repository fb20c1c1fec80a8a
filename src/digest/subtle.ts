import type { Bytes } from "../bytes.ts";
import type { Algorithm, Digest } from "../spec/digest.ts";
import type { HashEngine } from "./engine.ts";
import { digestOf, webName } from "./web_crypto.ts";

/** Web Crypto, which every runtime has and which hashes buffers only. */
export const subtle: HashEngine = {
  name: "subtle",
  available: () => globalThis.crypto?.subtle !== undefined,
  async digest(bytes: Uint8Array, algorithm: Algorithm): Promise<Digest> {
    return digestOf(algorithm, await globalThis.crypto.subtle.digest(webName[algorithm], bytes as Bytes));
  },
};
