import type { Algorithm, Digest } from "../spec/digest.ts";
import type { HashEngine, Hasher } from "./engine.ts";

const crypto = () => globalThis.process?.getBuiltinModule?.("node:crypto");

/** The runtime's own hash in Deno, Bun, Node and, with nodejs_compat, workerd. */
export const nodeCrypto: HashEngine = {
  name: "node:crypto",
  available: () => crypto() !== undefined,
  create(algorithm: Algorithm): Hasher {
    const hash = crypto()!.createHash(algorithm);
    return {
      update: (chunk) => void hash.update(chunk),
      digest: () => Promise.resolve<Digest>(`${algorithm}:${hash.digest("hex")}`),
    };
  },
  digest(bytes: Uint8Array, algorithm: Algorithm): Promise<Digest> {
    const hash = crypto()!.createHash(algorithm).update(bytes);
    return Promise.resolve<Digest>(`${algorithm}:${hash.digest("hex")}`);
  },
};
