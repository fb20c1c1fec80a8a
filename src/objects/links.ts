import type { Options } from "../content/contracts.ts";
import type { Digest } from "../spec/digest.ts";
import { type FoundLocation, isFresh, type Location, putLocation, readLocation } from "./blob_records.ts";
import { compareAndSet } from "./documents.ts";
import type { Store } from "./store.ts";

/** How long a link that was read is taken for what is there, in milliseconds: a request looks and then reads. */
const briefly = 1000;
/** How many links are remembered. */
const mostKnown = 4096;

interface Known {
  location: Location;
  /** When it was read or put, by our own clock. */
  at: number;
  /** Whether garbage collection spares it, so long after that. */
  isFresh(since: number): boolean;
}

/** The blobs of one repository: those that it has a link to. */
export class Links {
  readonly #store: Store;
  readonly #repository: string;
  readonly #known = new Map<Digest, Known>();
  /** What was found or put here at any time. */
  readonly #seen = new Set<Digest>();

  constructor(store: Store, repository: string) {
    this.#store = store;
    this.#repository = repository;
  }

  /** Where a blob is, if the repository has it. */
  async find(digest: Digest, options: Options = {}): Promise<Location | undefined> {
    const known = this.#known.get(digest);
    if (known && performance.now() - known.at < briefly) return known.location;
    return this.#remember(digest, await readLocation(this.#store, this.#key(digest), options));
  }

  /** Where a blob is, if the repository has it, spared by garbage collection for a while. */
  claim(digest: Digest, options: Options = {}): Promise<Location | undefined> {
    const known = this.#known.get(digest);
    if (known?.isFresh(performance.now() - known.at)) return Promise.resolve(known.location);
    return compareAndSet(async () => {
      const found = await readLocation(this.#store, this.#key(digest), options);
      const location = this.#remember(digest, found);
      if (!location || isFresh(this.#store, found!.facts)) return location;
      await this.put(digest, location, { ...options, expect: found!.facts.etag });
      return location;
    });
  }

  /**
   * Whether a blob was found or put here before. Who then does not get it has lost it to garbage collection; others may
   * do without it, as mirrors do that keep a manifest before its blobs.
   */
  hasSeen(digest: Digest): boolean {
    return this.#seen.has(digest);
  }

  /** Makes a blob one of the repository. */
  async put(
    digest: Digest,
    location: Location,
    options: Options & { expect?: string | undefined } = {},
  ): Promise<void> {
    const at = performance.now();
    await putLocation(this.#store, this.#key(digest), location, options);
    const { grace } = this.#store;
    this.#know(digest, { location, at, isFresh: (since) => since < grace / 2 });
  }

  /** Takes a blob from the repository, and tells whether it had it. */
  async remove(digest: Digest, options: Options = {}): Promise<boolean> {
    this.#known.delete(digest);
    this.#seen.delete(digest);
    const found = await readLocation(this.#store, this.#key(digest), options);
    if (!found?.location) return false;
    await this.#store.bucket.delete(this.#key(digest), options);
    return true;
  }

  #key(digest: Digest): string {
    return this.#store.keys.link(this.#repository, digest);
  }

  #remember(digest: Digest, found: FoundLocation | undefined): Location | undefined {
    this.#known.delete(digest);
    if (!found?.location) return undefined;
    this.#know(digest, {
      location: found.location,
      at: performance.now(),
      isFresh: (since) => isFresh(this.#store, found.facts, since),
    });
    return found.location;
  }

  #know(digest: Digest, known: Known): void {
    for (const all of [this.#known, this.#seen]) if (all.size >= mostKnown) all.clear();
    this.#known.set(digest, known);
    this.#seen.add(digest);
  }
}
