import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Digest } from "../spec/digest.ts";
import type { Collected } from "./blobs.ts";
import type { IngestValue } from "./content_writer.ts";
import { hasExpired, type LeaseValue, splitResource } from "./lease_records.ts";
import { collectLinks } from "./collect_links.ts";
import { isNeededIn, type Marked, markNamespace } from "./mark.ts";
import { type Change, listAll } from "./metadata.ts";
import { Namespace, type Shared } from "./namespace.ts";
import { bucketsOf, namespacesBucket, valueOf } from "./records.ts";

/** How to collect garbage. */
export interface StoreCollectOptions extends Options {
  /** How many seconds old what is removed must be, at least. Default: 3600. */
  grace?: number | undefined;
  /** Tells what would be removed, and removes nothing. */
  dryRun?: boolean | undefined;
}

/** What was collected from a store. */
export interface StoreCollected extends Collected {
  /** The names of images that had expired, in the order of namespaces. */
  images: string[];
}

/** How often to look again when others refer to what was to be removed. */
const mostTries = 20;
/** A session may be about to be made, in milliseconds after its record was. */
const newborn = 2_000;

/** Removes what nothing leads to in any namespace, nobody is writing and nobody has touched of late. */
export async function collectStore(shared: Shared, options: StoreCollectOptions): Promise<StoreCollected> {
  const { grace = 3600, dryRun, signal } = options;
  const { blobs } = shared;
  const before = await blobs.now() - grace * 1000;
  if (dryRun) return await wouldCollect(shared, before, signal);
  const sessions = await leasedSessions(shared, signal);
  return await blobs.collecting({ before, sessions, signal }, async () => {
    const images: string[] = [];
    for (const namespace of await namespacesOf(shared, signal)) {
      images.push(...await collectRecords(namespace, before, signal));
    }
    // Records go before blobs: none ever points to one that is not there.
    const swept = await blobs.sweep(() => recorded(shared, signal), isNeededIn(shared), { before, signal });
    for (const namespace of await namespacesOf(shared, signal)) await collectLinks(namespace, { signal });
    return { ...swept, images };
  });
}

/** The sessions of writes in the making that a lease keeps. */
async function leasedSessions(shared: Shared, signal?: AbortSignal): Promise<Set<string>> {
  const { metadata } = shared;
  const kept = new Set<string>();
  for (const { buckets } of await namespacesOf(shared, signal)) {
    for await (const { key } of listAll(metadata, buckets.leased, { signal })) {
      const [lease = "", ...resource] = key.split("/");
      const { type, id } = splitResource(resource.join("/"));
      const entry = type === "ingests" ? await metadata.get(buckets.leases, lease) : undefined;
      if (!entry || hasExpired(valueOf<LeaseValue>(entry).labels, shared.now())) continue;
      const ingest = await metadata.get(buckets.ingests, id);
      kept.add(ingest ? valueOf<IngestValue>(ingest).session : id);
    }
  }
  return kept;
}

/** Removes the records that nothing leads to, all at once or none, and tells which images had expired. */
async function collectRecords(namespace: Namespace, before: number, signal?: AbortSignal): Promise<string[]> {
  const { shared, buckets } = namespace;
  for (let tries = 0; tries < mostTries; tries++) {
    signal?.throwIfAborted();
    const marked = await markNamespace(namespace, { signal });
    await keepYoung(marked, shared, before);
    const { content, kept, expiredImages, expiredLeases } = marked;
    const gone = [...content].filter(([digest]) => !kept.has(digest));
    const changes: Change[] = gone.map(([key, { version }]) => ({
      bucket: buckets.content,
      key,
      value: null,
      expect: version,
    }));
    for (const { key, version } of expiredImages) {
      changes.push({ bucket: buckets.images, key, value: null, expect: version });
    }
    for (const { key, version } of expiredLeases) {
      changes.push({ bucket: buckets.leases, key, value: null, expect: version });
      for await (const one of listAll(shared.metadata, buckets.leased, { prefix: `${key}/`, signal })) {
        changes.push({ bucket: buckets.leased, key: one.key, value: null, expect: one.version });
      }
    }
    changes.push(...await danglingReferrers(namespace, new Set(gone.map(([digest]) => digest))));
    changes.push(...await abandonedIngests(namespace));
    if (changes.length > 0 && !await shared.metadata.commit(changes, { signal })) continue;
    for (const [digest] of gone) {
      shared.events.emit({ type: "content-deleted", namespace: namespace.name, digest });
    }
    for (const { key } of expiredImages) {
      shared.events.emit({ type: "image-deleted", namespace: namespace.name, name: key });
    }
    return expiredImages.map(({ key }) => key);
  }
  const action = "collect garbage";
  throw new GantryError("unavailable", `${namespace.where(action)}: others take it up again all the time`);
}

/** Keeps content whose file is young, with all that it leads to: somebody may be about to refer to it. */
async function keepYoung(marked: Marked, { blobs }: Shared, before: number): Promise<void> {
  const { content, kept } = marked;
  const unkept = new Set([...content.keys()].filter((digest) => !kept.has(digest)));
  if (unkept.size === 0) return;
  for await (const [digest, { changed }] of blobs.factsOf(unkept)) if (changed >= before) marked.keep(digest);
}

async function danglingReferrers(
  { shared, buckets }: Namespace,
  gone: ReadonlySet<Digest>,
): Promise<Change[]> {
  const changes: Change[] = [];
  if (gone.size === 0) return changes;
  for await (const { key, version } of listAll(shared.metadata, buckets.referrers)) {
    const [, digest = ""] = key.split("/");
    if (!gone.has(digest as Digest)) continue;
    changes.push({ bucket: buckets.referrers, key, value: null, expect: version });
  }
  return changes;
}

/** The records of writes in the making whose bytes are no longer there. */
async function abandonedIngests({ shared, buckets }: Namespace): Promise<Change[]> {
  const changes: Change[] = [];
  for await (const { key, value, version } of listAll(shared.metadata, buckets.ingests)) {
    const { session, startedAt } = JSON.parse(value) as { session: string; startedAt: number };
    if (startedAt > Date.now() - newborn || await shared.sessions.exists(session)) continue;
    changes.push({ bucket: buckets.ingests, key, value: null, expect: version });
  }
  return changes;
}

/** All content that a namespace has a record of. */
async function recorded({ metadata }: Shared, signal?: AbortSignal): Promise<Set<Digest>> {
  const all = new Set<Digest>();
  for await (const { key: namespace } of listAll(metadata, namespacesBucket, { signal })) {
    for await (const { key } of listAll(metadata, bucketsOf(namespace).content, { signal })) {
      all.add(key as Digest);
    }
  }
  return all;
}

/** The namespaces of a store. */
export async function namespacesOf(shared: Shared, signal?: AbortSignal): Promise<Namespace[]> {
  const all: Namespace[] = [];
  for await (const { key } of listAll(shared.metadata, namespacesBucket, { signal })) {
    all.push(new Namespace(key, shared));
  }
  return all;
}

async function wouldCollect(shared: Shared, before: number, signal?: AbortSignal): Promise<StoreCollected> {
  const { blobs } = shared;
  const kept = await blobs.leases.noted();
  const collected: StoreCollected = { removed: [], bytes: 0, images: [] };
  for (const namespace of await namespacesOf(shared, signal)) {
    const marked = await markNamespace(namespace, { signal });
    await keepYoung(marked, shared, before);
    for (const digest of marked.kept) kept.add(digest);
    collected.images.push(...marked.expiredImages.map(({ key }) => key));
  }
  for await (const { digest, facts: known } of blobs.all({ signal })) {
    if (digest === undefined || kept.has(digest)) continue;
    const facts = known ?? await blobs.facts(digest).catch(unlessNoFile);
    if (!facts || facts.changed >= before) continue;
    collected.removed.push(digest);
    collected.bytes += facts.size;
  }
  return collected;
}

/** What stands where a blob would may be a directory. */
function unlessNoFile(error: unknown): undefined {
  if (!GantryError.is(error, "invalid-document")) throw error;
}
