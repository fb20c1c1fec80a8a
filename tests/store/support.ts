/** What the tests of stores share. */

import { utf8 } from "../../src/bytes.ts";
import type { Target } from "../../src/content/contracts.ts";
import type { Descriptor } from "../../src/spec/descriptor.ts";
import { type Store, store, type StoreOptions } from "../../src/store/mod.ts";
import { contentOf } from "../layout/support.ts";
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

/** Gives the work a store of its own. */
export async function inStore<T>(
  work: (there: Store, directory: string) => Promise<T>,
  options?: StoreOptions,
): Promise<T> {
  return await inDirectory(async (directory) => {
    await using there = store(directory, options);
    return await work(there, directory);
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
