import { join } from "node:path";
import { Once } from "../content/once.ts";
import type { BlobDirectory } from "../disk/blob_directory.ts";
import { namesIn } from "../disk/directory.ts";
import { restoreBlobs } from "../disk/gc_sweep.ts";
import { GantryError } from "../errors.ts";
import type { Metadata } from "./metadata.ts";

/**
 * The same records. Before the first is read, what a collection of garbage had taken away is put back, if it was killed
 * before it could decide: a record may be of it.
 */
export function recoverBlobs(metadata: Metadata, blobs: BlobDirectory): Metadata {
  let recovered = false;
  const recovering = new Once(async (signal) => {
    const isLeft = async () => (await namesIn(join(blobs.state.directory, "trash"))).length > 0;
    while (await isLeft()) {
      try {
        await blobs.state.locked(() => restoreBlobs(blobs), { wait: 200, signal });
      } catch (error) {
        // One that is still running decides by itself.
        if (!GantryError.is(error, "conflict")) throw error;
      }
    }
    recovered = true;
  });
  return {
    get: async (bucket, key, options) => {
      if (!recovered) await recovering.get(options?.signal);
      return await metadata.get(bucket, key, options);
    },
    list: async (bucket, options) => {
      if (!recovered) await recovering.get(options?.signal);
      return await metadata.list(bucket, options);
    },
    commit: async (changes, options) => {
      if (!recovered) await recovering.get(options?.signal);
      return await metadata.commit(changes, options);
    },
    [Symbol.asyncDispose]: () => metadata[Symbol.asyncDispose](),
  };
}
