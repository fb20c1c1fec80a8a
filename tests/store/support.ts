/** What the tests of stores share. */

import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { utf8 } from "../../src/bytes.ts";
import type { Target } from "../../src/content/contracts.ts";
import type { Descriptor } from "../../src/spec/descriptor.ts";
import { type Digest, parseDigest } from "../../src/spec/digest.ts";
import { type Store, store, type StoreOptions } from "../../src/store/mod.ts";
import { contentOf, filesIn } from "../layout/support.ts";
import { inDirectory } from "../support/directory.ts";
export {
  collect,
  contentOf,
  filesIn,
  putImage,
  putIndex,
  putText,
  readText,
  start,
} from "../layout/support.ts";
export { inDirectory } from "../support/directory.ts";

/** Where a store is that is tested. */
export interface Place {
  /** Opens it once more. */
  again(options?: StoreOptions): Store;
  /** What of it has bytes. */
  blobs(): Promise<Digest[]>;
  /** Has nobody have wanted a blob for more than an hour. */
  makeOld(digest: Digest): Promise<void>;
}

/** Gives the work a store of its own. */
export type InStore = <T>(
  work: (there: Store, place: Place) => Promise<T>,
  options?: StoreOptions,
) => Promise<T>;

/** Gives the work a store of its own on the disk. */
export async function inStore<T>(
  work: (there: Store, place: Place & { directory: string }) => Promise<T>,
  options?: StoreOptions,
): Promise<T> {
  return await inDirectory(async (directory) => {
    await using there = store(directory, options);
    const again = (options?: StoreOptions) => store(directory, options);
    const blobs = async () =>
      (await filesIn(join(directory, "blobs"))).map((name) => parseDigest(name.replace("/", ":")));
    const makeOld = async (digest: Digest) => {
      const then = new Date(Date.now() - 3_700_000);
      await utimes(join(directory, "blobs", ...digest.split(":")), then, then);
    };
    return await work(there, { again, blobs, makeOld, directory });
  });
}

/** Writes content by its ref, and gives its descriptor. */
export async function ingestText(
  there: Store,
  text: string,
  labels: Record<string, string> = {},
): Promise<Descriptor> {
  const writer = await there.content.writer(`text ${text}`);
  await writer.append(new Blob([utf8(text)]).stream(), 0);
  const { digest, size } = await writer.commit({ labels });
  return { mediaType: "text/plain", digest, size };
}

/** Writes a blob that nothing refers to. */
export async function putBlob(target: Target, text: string): Promise<Descriptor> {
  return (await target.write(await contentOf(utf8(text)))).descriptor;
}
