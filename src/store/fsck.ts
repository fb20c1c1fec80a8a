import type { Options } from "../content/contracts.ts";
import { verifying } from "../digest/mod.ts";
import { GantryError } from "../errors.ts";
import type { Digest } from "../spec/digest.ts";
import { namespacesOf } from "./gc.ts";
import { type Change, listAll } from "./metadata.ts";
import type { Namespace, Shared } from "./namespace.ts";
import { contentOf, imageOf } from "./records.ts";

/** How to check a store. */
export interface CheckStoreOptions extends Options {
  /** Removes bytes that are not what their name says, and records of what is not there. Default: false. */
  repair?: boolean | undefined;
  /** Called with each blob once it has been read. */
  progress?: ((checked: { readonly digest: Digest; readonly size: number }) => void) | undefined;
}

/** What was found in a store. */
export interface CheckedStore {
  /** How many blobs were read. */
  blobs: number;
  /** How many bytes they have. */
  bytes: number;
  /** What is wrong, one sentence each. */
  problems: string[];
}

/** Reads every blob, then looks whether every record is of one that is there. */
export async function checkStore(shared: Shared, options: CheckStoreOptions): Promise<CheckedStore> {
  const { repair, signal } = options;
  return await shared.blobs.undisturbed(async () => {
    const found: CheckedStore = { blobs: 0, bytes: 0, problems: [] };
    const good = await checkBlobs(shared, found, options);
    for (const namespace of await namespacesOf(shared, signal)) {
      const changes = await checkRecords(namespace, good, found, signal);
      if (!repair || changes.length === 0) continue;
      if (await shared.metadata.commit(changes, { signal })) continue;
      const action = "repair";
      throw new GantryError("unavailable", `${namespace.where(action)}: somebody changes it, try again`);
    }
    return found;
  }, { signal });
}

async function checkBlobs(
  { blobs }: Shared,
  found: CheckedStore,
  { repair, progress, signal }: CheckStoreOptions,
): Promise<Map<Digest, number>> {
  const good = new Map<Digest, number>();
  for await (const { digest, path } of blobs.all({ signal })) {
    if (digest === undefined) {
      found.problems.push(`${JSON.stringify(path)} is no blob`);
      continue;
    }
    try {
      const facts = await blobs.facts(digest);
      if (!facts) continue; // removed meanwhile
      const bytes = await blobs.open({ digest }, { signal });
      await bytes.pipeThrough(verifying({ digest }, { what: `blob ${digest}` }))
        .pipeTo(new WritableStream(), { signal });
      good.set(digest, facts.size);
      found.blobs++;
      found.bytes += facts.size;
      progress?.({ digest, size: facts.size });
    } catch (error) {
      if (!GantryError.is(error, "digest-mismatch", "size-mismatch", "invalid-document")) throw error;
      found.problems.push(error.message);
      if (repair) await blobs.drop(digest);
    }
  }
  return good;
}

/** What is wrong with the records of a namespace, and the changes that mend it. */
async function checkRecords(
  namespace: Namespace,
  good: ReadonlyMap<Digest, number>,
  found: CheckedStore,
  signal?: AbortSignal,
): Promise<Change[]> {
  const { shared, buckets, name } = namespace;
  const changes: Change[] = [];
  // What was written since the blobs were read is not looked at.
  const isGood = async (digest: Digest, size: number) =>
    (good.get(digest) ?? (await shared.blobs.facts(digest).catch(() => undefined))?.size) === size;
  for await (const entry of listAll(shared.metadata, buckets.content, { signal })) {
    const { digest, size } = contentOf(entry);
    if (await isGood(digest, size)) continue;
    found.problems.push(`namespace ${name}: ${digest} is missing or wrong`);
    changes.push({ bucket: buckets.content, key: digest, value: null, expect: entry.version });
  }
  for await (const entry of listAll(shared.metadata, buckets.images, { signal })) {
    const { target } = imageOf(entry);
    if (await isGood(target.digest, target.size)) continue;
    found.problems.push(
      `namespace ${name}: image ${JSON.stringify(entry.key)} is of ${target.digest}, which is not here`,
    );
    changes.push({ bucket: buckets.images, key: entry.key, value: null, expect: entry.version });
  }
  return changes;
}
