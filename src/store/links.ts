import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import type { Change, Entry } from "./metadata.ts";
import type { Namespace } from "./namespace.ts";
import { valueOf } from "./records.ts";

/** What a repository has under a digest. The same bytes may be a manifest and a blob. */
export interface LinkValue {
  size: number;
  /** What they are as a manifest, if they are one. */
  mediaType?: string | undefined;
  /** Whether they came as a blob. */
  blob?: boolean | undefined;
}

/** The key of a link: no repository's name has an `@`. */
export function linkKey(repository: string, digest: Digest): string {
  return `${repository}@${digest}`;
}

/** Through which repository something can be read, and what. */
export function parseLinkKey(key: string): { repository: string; digest: Digest } {
  const at = key.lastIndexOf("@");
  return { repository: key.slice(0, at), digest: key.slice(at + 1) as Digest };
}

/** What a link says. */
export function linkOf(entry: Entry): LinkValue {
  return valueOf<LinkValue>(entry);
}

/** The changes by which a repository has something from now on. */
export async function linkChanges(
  { shared, buckets }: Namespace,
  repository: string,
  { digest, size }: Pick<Descriptor, "digest" | "size">,
  more: Partial<LinkValue>,
): Promise<Change[]> {
  const key = linkKey(repository, digest);
  const entry = await shared.metadata.get(buckets.links, key);
  const value: LinkValue = { ...(entry && linkOf(entry)), size, ...more };
  const link = { bucket: buckets.links, key, value: JSON.stringify(value), expect: entry?.version ?? null };
  // Anew each time, so that a collection of garbage sees that the repository is wanted.
  return [link, { bucket: buckets.repositories, key: repository, value: "{}" }];
}

/** The change by which a repository no longer has something as a manifest, or as a blob. */
export function unlinkChange({ buckets }: Namespace, entry: Entry, role: "manifest" | "blob"): Change {
  const { mediaType, blob, size } = linkOf(entry);
  const left: LinkValue | null = role === "manifest"
    ? blob ? { size, blob } : null
    : mediaType !== undefined
    ? { size, mediaType }
    : null;
  return {
    bucket: buckets.links,
    key: entry.key,
    value: left && JSON.stringify(left),
    expect: entry.version,
  };
}
