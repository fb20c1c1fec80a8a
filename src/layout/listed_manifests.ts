import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { missing } from "../disk/blob_directory.ts";
import { unlessBroken } from "./documents.ts";
import { findDigest, hasName, withName, withoutName, withoutUnnamed } from "./entries.ts";
import type { IndexFile, Listing } from "./index_file.ts";
import type { LayoutBlobs } from "./layout_blobs.ts";
import { withoutOldUnnamed } from "./unnamed.ts";

/** What is in one layout: what its index.json leads to. Those who change a listing hold the lock. */
export class ListedManifests {
  readonly index: IndexFile;
  readonly store: LayoutBlobs;
  /** Manifests without a name that were written under a lease, to be listed at its end. */
  readonly pending: Map<Digest, Descriptor> = new Map();

  constructor(index: IndexFile, store: LayoutBlobs) {
    this.index = index;
    this.store = store;
  }

  /**
   * Whether a manifest is here. Where blobs are shared its file may be another's, so that index.json must lead to it;
   * elsewhere any document will do, such as what a name has moved away from.
   */
  async has(digest: Digest, entries: readonly Descriptor[], options: Options = {}): Promise<boolean> {
    const { blobs, documents, shared } = this.store;
    if (!await blobs.facts(digest)) return false;
    const known = [...entries, ...this.pending.values()];
    if (findDigest(known, digest)) return true;
    return shared
      ? (await documents.reach(known, options)).has(digest)
      : await unlessBroken(documents.facts(digest, options)) !== undefined;
  }

  /** The descriptor of a manifest that is here. */
  async find(
    digest: Digest,
    entries: readonly Descriptor[],
    options: Options,
  ): Promise<Descriptor | undefined> {
    const listed = findDigest(entries, digest) ?? this.pending.get(digest);
    if (listed || !await this.has(digest, entries, options)) return listed;
    const facts = await this.store.documents.facts(digest, options);
    return facts && { mediaType: facts.mediaType, digest, size: facts.size };
  }

  /** Makes sure that a file is there, and in its size. */
  async require({ digest, size }: Descriptor): Promise<void> {
    const { blobs } = this.store;
    const facts = await blobs.facts(digest);
    if (!facts) throw missing(digest, this.index.directory);
    if (facts.size === size) return;
    throw new GantryError(
      "size-mismatch",
      `read ${blobs.path(digest)}: ${facts.size} bytes, expected ${size}`,
    );
  }

  /** Gives a name. What the manifest leads to is no longer listed without one. */
  async name(listing: Listing, name: string, descriptor: Descriptor, options: Options): Promise<void> {
    const reached = await this.store.documents.reach([descriptor], options);
    const had = namedSo(listing, name);
    listing.entries = withoutUnnamed(withName(listing.entries, name, descriptor), reached);
    this.#forgetOld(listing, had);
    await listing.save();
    this.pending.delete(descriptor.digest);
  }

  /** Takes a name away. The manifest stays, without one. */
  async unname(listing: Listing, name: string): Promise<void> {
    const had = namedSo(listing, name);
    listing.entries = withoutName(listing.entries, name);
    this.#forgetOld(listing, had);
    await listing.save();
  }

  /** Lists manifests without a name, unless what is listed leads to them already. */
  async list(listing: Listing, added: readonly Descriptor[], options: Options = {}): Promise<void> {
    const { documents } = this.store;
    const reached = await documents.reach(added, options);
    const known = await documents.reach(listing.entries, options);
    for (const { digest } of listing.entries) known.add(digest);
    const tops = added.filter(({ digest }) => !reached.has(digest) && !known.has(digest));
    listing.entries = [...withoutUnnamed(listing.entries, reached), ...tops];
    await listing.save();
  }

  /** Lists what a lease has put off. */
  async listPending(listing: Listing): Promise<void> {
    const there: Descriptor[] = [];
    for (const one of this.pending.values()) {
      if (await this.store.blobs.facts(one.digest)) there.push(one);
    }
    await this.list(listing, there);
    this.pending.clear();
  }

  /** Lists a manifest no longer, with none of its names. */
  async unlist(listing: Listing, digest: Digest, options: Options): Promise<void> {
    listing.entries = listing.entries.filter((entry) => entry.digest !== digest);
    this.pending.delete(digest);
    if (this.store.shared && await this.has(digest, listing.entries, options)) {
      throw new GantryError(
        "unsupported",
        `delete ${digest}: an index in ${this.index.directory} leads to it`,
      );
    }
    await listing.save();
  }

  #forgetOld(listing: Listing, had: ReadonlySet<Descriptor>): void {
    const { mostUnnamed } = this.store;
    if (mostUnnamed === undefined) return;
    listing.entries = withoutOldUnnamed(listing.entries, had, mostUnnamed);
  }
}

function namedSo({ entries }: Listing, name: string): Set<Descriptor> {
  return new Set(entries.filter((entry) => hasName(entry, name)));
}
