import type { Options } from "../content/contracts.ts";
import type { Digest } from "../spec/digest.ts";
import { linkOf, parseLinkKey } from "./links.ts";
import { type Entry, listAll, listPages } from "./metadata.ts";
import type { Namespace } from "./namespace.ts";

/** Removes links to blobs whose bytes are gone, and the records of repositories that have no links. */
export async function collectLinks({ shared, buckets }: Namespace, options: Options): Promise<void> {
  const { metadata, blobs } = shared;
  for await (const page of listPages(metadata, buckets.links, options)) {
    const toBlobs = page.filter((entry) => linkOf(entry).mediaType === undefined);
    const there = new Set<Digest>();
    const digestOf = ({ key }: Entry) => parseLinkKey(key).digest;
    for await (const [digest] of blobs.factsOf(new Set(toBlobs.map(digestOf)), options)) there.add(digest);
    for (const entry of toBlobs) {
      if (there.has(digestOf(entry))) continue;
      await metadata.commit(
        [{ ...entry, bucket: buckets.links, value: null, expect: entry.version }],
        options,
      );
    }
  }
  for await (const { key, version } of listAll(metadata, buckets.repositories, options)) {
    const [link] = await metadata.list(buckets.links, { ...options, prefix: `${key}@`, limit: 1 });
    if (link) continue;
    await metadata.commit([{ bucket: buckets.repositories, key, value: null, expect: version }], options);
  }
}
