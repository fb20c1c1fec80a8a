import type { Algorithm, Digest } from "../spec/digest.ts";
import type { HashEngine, Hasher } from "./engine.ts";

/**
 * The npm package hash-wasm, for runtimes that have no streaming hash of their own: browsers, which on plain http have
 * no `crypto.subtle` either. The package is loaded when it is first used.
 */
export const hashWasm: HashEngine = {
  name: "hash-wasm",
  available: () => typeof WebAssembly === "object",
  async create(algorithm: Algorithm): Promise<Hasher> {
    const { createSHA256, createSHA384, createSHA512 } = await import("hash-wasm");
    const start = { sha256: createSHA256, sha384: createSHA384, sha512: createSHA512 }[algorithm];
    const hash = (await start()).init();
    return {
      update: (chunk) => void hash.update(chunk),
      digest: () => Promise.resolve<Digest>(`${algorithm}:${hash.digest("hex")}`),
    };
  },
  async digest(bytes: Uint8Array, algorithm: Algorithm): Promise<Digest> {
    const hashes = await import("hash-wasm");
    return `${algorithm}:${await hashes[algorithm](bytes)}`;
  },
};
