import { createHash } from "node:crypto";
import { addHashEngine, type Hasher } from "../../src/digest/mod.ts";

/** What workerd calls DigestStream, for runtimes that do not have it. It hashes late, as workerd may. */
export class DigestStream extends WritableStream<Uint8Array> {
  readonly digest: Promise<ArrayBuffer>;

  constructor(algorithm: string) {
    const hash = createHash(algorithm.replace("-", "").toLowerCase());
    const { promise, resolve } = Promise.withResolvers<ArrayBuffer>();
    super({
      async write(chunk) {
        await new Promise((resolve) => queueMicrotask(() => resolve(undefined)));
        hash.update(chunk);
      },
      close() {
        resolve(new Uint8Array(hash.digest()).buffer);
      },
    });
    this.digest = promise;
  }
}

/** Has an engine of this name in the table while the work is done. */
export async function withEngine(name: string, hasher: Hasher, work: () => Promise<void>): Promise<void> {
  let here = true;
  addHashEngine({ name, available: () => here, create: () => hasher });
  try {
    await work();
  } finally {
    here = false;
  }
}
