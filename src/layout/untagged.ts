import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import type { BlobDirectory } from "../disk/blob_directory.ts";
import type { Documents } from "./documents.ts";
import { nameOf } from "./entries.ts";
import type { Listing } from "./index_file.ts";

/**
 * Lists no longer what has no name, except what was written since `before`, in milliseconds since 1970, or under a
 * lease, and what refers to something that stays.
 */
export async function forgetUntagged(
  listing: Listing,
  blobs: BlobDirectory,
  documents: Documents,
  before: number,
): Promise<void> {
  const leased = await blobs.leases.noted();
  const stay = new Set<Descriptor>();
  for (const entry of listing.entries) {
    const changed = (await blobs.facts(entry.digest))?.changed ?? 0;
    if (nameOf(entry) !== undefined || changed >= before || leased.has(entry.digest)) stay.add(entry);
  }
  // A signature of a signature stays with both: until no more are found.
  for (let found = -1; found !== stay.size;) {
    found = stay.size;
    const kept = await documents.reach(stay);
    for (const { digest } of stay) kept.add(digest);
    for (const entry of listing.entries) if (await refersTo(kept, entry, documents)) stay.add(entry);
  }
  listing.entries = listing.entries.filter((entry) => stay.has(entry));
  await listing.save();
}

async function refersTo(kept: Set<Digest>, { digest }: Descriptor, documents: Documents): Promise<boolean> {
  const subject = (await documents.facts(digest))?.referrer?.subject;
  return subject !== undefined && kept.has(subject);
}
