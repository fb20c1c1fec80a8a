import type { Algorithm, Digest } from "../spec/digest.ts";
import type { HashEngine, Hasher } from "./engine.ts";

/** As much of a hash as is used. */
interface Hash {
  update(bytes: Uint8Array): Hash;
  digest(encoding: "hex"): string;
}

/** The class of Bun that its node:crypto is made of, which takes 10 ms to load. */
function bunHasher(): (new (algorithm: Algorithm) => Hash) | undefined {
  const bun: { CryptoHasher?: new (algorithm: Algorithm) => Hash } | undefined = globalThis.process
    ?.getBuiltinModule?.("bun");
  return bun?.CryptoHasher;
}

const crypto = () => globalThis.process?.getBuiltinModule?.("node:crypto");

function createHash(algorithm: Algorithm): Hash {
  const Hasher = bunHasher();
  return Hasher ? new Hasher(algorithm) : crypto()!.createHash(algorithm);
}

/** The runtime's own hash in Deno, Bun, Node and, with nodejs_compat, workerd. */
export const nodeCrypto: HashEngine = {
  name: "node:crypto",
  available: () => (bunHasher() ?? crypto()) !== undefined,
  create(algorithm: Algorithm): Hasher {
    const hash = createHash(algorithm);
    return {
      update: (chunk) => void hash.update(chunk),
      digest: () => Promise.resolve<Digest>(`${algorithm}:${hash.digest("hex")}`),
    };
  },
  digest(bytes: Uint8Array, algorithm: Algorithm): Promise<Digest> {
    const hash = createHash(algorithm).update(bytes);
    return Promise.resolve<Digest>(`${algorithm}:${hash.digest("hex")}`);
  },
};
