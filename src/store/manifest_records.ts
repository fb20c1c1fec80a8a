import type { Bytes } from "../bytes.ts";
import type { Options, Origin } from "../content/contracts.ts";
import { childrenOf, referrerOf } from "../content/relations.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { parseDocument } from "../spec/document.ts";
import { isDocumentType, isForeignType } from "../spec/media_type.ts";
import { childrenLabels, referrerLabel } from "./children_labels.ts";
import type { Change } from "./metadata.ts";
import type { Namespace } from "./namespace.ts";
import { addOrigins } from "./origins.ts";
import { type ContentValue, type ImageValue, valueOf } from "./records.ts";

/** Repositories that blobs whose records are not yet written come from. */
export type Origins = ReadonlyMap<Digest, readonly Origin[]>;

/** What a manifest that is written does to records. */
export interface ManifestChanges {
  /** To its own, and to those of what it names and is here. */
  readonly changes: Change[];
  /** Whether what it is about keeps it from now on. */
  readonly isReferred: boolean;
}

/**
 * The changes that go with a manifest or index whose file is in its place. Unless `keepsReferrers` is false, what it is
 * about keeps it.
 */
export async function manifestChanges(
  namespace: Namespace,
  bytes: Bytes,
  descriptor: Descriptor,
  origins: Origins,
  options: Options & { keepsReferrers?: boolean | undefined },
): Promise<ManifestChanges> {
  const { shared, buckets } = namespace;
  const { digest, mediaType, size } = descriptor;
  const children = childrenOf(bytes, mediaType);
  const changes = await childrenChanges(namespace, children, origins, options);
  const entry = await shared.metadata.get(buckets.content, digest, options);
  const before = entry && valueOf<ContentValue>(entry);
  const labels = addOrigins({ ...before?.labels, ...childrenLabels(children) }, origins.get(digest));
  const value = before
    ? JSON.stringify({ ...before, mediaType, labels, updatedAt: shared.now() })
    : namespace.contentText({ size, mediaType, labels });
  changes.push({ bucket: buckets.content, key: digest, value, expect: entry?.version ?? null });
  const isReferred = await addReferrer(namespace, bytes, descriptor, changes, options);
  return { changes, isReferred };
}

/** An index may name what is not here. */
async function childrenChanges(
  namespace: Namespace,
  children: readonly Descriptor[],
  origins: Origins,
  options: Options,
): Promise<Change[]> {
  const changes = new Map<string, Change>();
  for (const child of children) {
    if (isForeignType(child.mediaType) || changes.has(child.digest)) continue;
    const there = await namespace.shared.blobs.claim({ digest: child.digest });
    if (there !== child.size) continue;
    if (isDocumentType(child.mediaType) && !await namespace.has(child.digest, options)) continue;
    for (const change of await namespace.referTo(child, options)) {
      changes.set(change.key, await withOrigins(namespace, change, origins));
    }
  }
  return [...changes.values()];
}

/** The change of a record of content, with the repositories that it came from. */
async function withOrigins({ shared }: Namespace, change: Change, origins: Origins): Promise<Change> {
  const from = origins.get(change.key as Digest);
  if (!from) return change;
  const { bucket, key } = change;
  const entry = change.value === undefined ? await shared.metadata.get(bucket, key) : undefined;
  const text = change.value ?? entry?.value;
  if (typeof text !== "string") return change;
  const value = JSON.parse(text) as ContentValue;
  const labels = addOrigins(value.labels, from);
  return { bucket, key, value: JSON.stringify({ ...value, labels }), expect: entry?.version ?? null };
}

/** Writes down what a manifest is about, which may keep it from then on, if it is here. */
async function addReferrer(
  { shared, buckets }: Namespace,
  bytes: Bytes,
  descriptor: Descriptor,
  changes: Change[],
  { keepsReferrers = true }: { keepsReferrers?: boolean | undefined },
): Promise<boolean> {
  const subject = subjectOf(bytes, descriptor.mediaType);
  if (!subject) return false;
  const key = `${subject}/${descriptor.digest}`;
  const value = JSON.stringify(referrerOf(bytes, descriptor, subject));
  changes.push({ bucket: buckets.referrers, key, value });
  if (!keepsReferrers) return false;
  const entry = await shared.metadata.get(buckets.content, subject);
  // An index may hold what is about it: its own record and the child's are among the changes already.
  if (!entry || changes.some((change) => change.bucket === buckets.content && change.key === subject)) {
    return false;
  }
  const about = valueOf<ContentValue>(entry);
  const text = JSON.stringify({ ...about, labels: { ...about.labels, ...referrerLabel(descriptor) } });
  changes.push({ bucket: buckets.content, key: subject, value: text, expect: entry.version });
  return true;
}

/** The digest of what a manifest is about. */
export function subjectOf(bytes: Bytes, mediaType: string): Digest | undefined {
  const document = parseDocument(bytes, { mediaType });
  if (document.kind === "schema1") return undefined;
  return (document.kind === "manifest" ? document.manifest : document.index).subject?.digest;
}

/** The change that gives a name to a manifest; `expect` is the digest that it must have now, null for none. */
export async function nameChange(
  { shared, buckets }: Namespace,
  name: string,
  target: Descriptor,
  expect?: Digest | null,
): Promise<Change> {
  const entry = await shared.metadata.get(buckets.images, name);
  const before = entry && valueOf<ImageValue>(entry);
  const digest = before?.target.digest ?? null;
  if (expect !== undefined && expect !== digest) {
    const reason = `it is ${digest ?? "free"}, expected ${expect ?? "free"}`;
    throw new GantryError("conflict", `name ${JSON.stringify(name)}: ${reason}`);
  }
  const now = shared.now();
  const value: ImageValue = {
    target,
    labels: before?.labels ?? {},
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
  };
  return { bucket: buckets.images, key: name, value: JSON.stringify(value), expect: entry?.version ?? null };
}
