import type { Options } from "../content/contracts.ts";
import type { Digest } from "../spec/digest.ts";
import {
  claimRecord,
  type FoundLocation,
  isFresh,
  isLate,
  type Location,
  putLocation,
  readLocation,
  withdraw,
} from "./blob_records.ts";
import { compareAndSet, unlessConflict } from "./documents.ts";
import { readLasting } from "./removal.ts";
import type { Store } from "./store.ts";

/** How long a link that was read is taken for what is there, in milliseconds: a request looks and then reads. */
const briefly = 1000;
/** How many links are remembered. */
const mostKnown = 4096;

interface Known {
  location: Location;
  /** When we began to read or put it, by our own clock. */
  at: number;
  /** Whether garbage collection spares it, so long after that. */
  isFresh(since: number): boolean;
  /** Whether the blob's record was there after the link was: from then on its bytes stay as long as the link. */
  isBacked: boolean;
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
    if (known && this.#store.clock() - known.at < briefly) return known.location;
    const at = this.#store.clock();
    return this.#remember(digest, await readLocation(this.#store, this.#key(digest), options), at);
  }

  /** Where a blob is, if the repository has it, spared by garbage collection for a while. */
  async claim(digest: Digest, options: Options = {}): Promise<Location | undefined> {
    const known = this.#known.get(digest);
    const isFresh = known?.isFresh(this.#store.clock() - known.at);
    if (known && isFresh && known.isBacked) return known.location;
    const location = isFresh ? known!.location : await this.#claimLink(digest, options);
    return location && await this.#back(digest, location, options);
  }

  /**
   * Makes a blob one of the repository whose record was claimed, at the earliest, when our clock stood at `claimed`. Gives
   * where the blob is; nothing where garbage collection has taken it meanwhile.
   */
  async add(
    digest: Digest,
    location: Location,
    { claimed, ...options }: Options & { claimed: number },
  ): Promise<Location | undefined> {
    await this.#putAnew(digest, location, options);
    if (isLate(this.#store, claimed)) return await this.#back(digest, location, options);
    this.#markBacked(digest, location);
    return location;
  }

  /** Makes a blob one of the repository that the bucket has, of this size if one is told; nothing where it has none. */
  async mount(
    digest: Digest,
    { size, ...options }: Options & { size?: number | undefined } = {},
  ): Promise<Location | undefined> {
    const claimed = this.#store.clock();
    const there = await claimRecord(this.#store, digest, options);
    if (!there || (size ?? there.size) !== there.size) return undefined;
    return await this.add(digest, there, { ...options, claimed });
  }

  /**
   * Whether a blob was found or put here before. Who then does not get it has lost it to garbage collection; others may
   * do without it, as mirrors do that keep a manifest before its blobs.
   */
  hasSeen(digest: Digest): boolean {
    return this.#seen.has(digest);
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

  #claimLink(digest: Digest, options: Options): Promise<Location | undefined> {
    return compareAndSet(async () => {
      const at = this.#store.clock();
      const found = await readLocation(this.#store, this.#key(digest), options);
      const location = this.#remember(digest, found, at);
      if (!location || isFresh(this.#store, found!.facts)) return location;
      await this.#put(digest, location, { ...options, expect: found!.facts.etag });
      return location;
    });
  }

  /**
   * Claims the record of a blob after its link: then garbage collection, which looks for links first, keeps its bytes. A link
   * that came too late leads to what is gone, and is mended here.
   */
  async #back(digest: Digest, location: Location, options: Options): Promise<Location | undefined> {
    const claimed = this.#store.clock();
    const record = await claimRecord(this.#store, digest, options);
    if (!record) {
      this.#known.delete(digest);
      return void await withdraw(this.#store, this.#key(digest), location, options);
    }
    if (record.data !== location.data) return await this.add(digest, record, { ...options, claimed });
    this.#markBacked(digest, location);
    return location;
  }

  #markBacked(digest: Digest, { data }: Location): void {
    const known = this.#known.get(digest);
    if (known?.location.data === data) known.isBacked = true;
  }

  /** Puts a link, whatever is there: mostly nothing is. */
  async #putAnew(digest: Digest, location: Location, options: Options): Promise<void> {
    const isNew = await this.#put(digest, location, { ...options, expect: null })
      .then(() => true, unlessConflict);
    if (isNew) return;
    const read = () => readLocation(this.#store, this.#key(digest), options);
    await compareAndSet(async () => {
      const found = await readLasting(this.#store, read, options);
      await this.#put(digest, location, { ...options, expect: found?.facts.etag ?? null });
    });
  }

  async #put(
    digest: Digest,
    location: Location,
    options: Options & { expect: string | null },
  ): Promise<void> {
    const at = this.#store.clock();
    await putLocation(this.#store, this.#key(digest), location, options);
    const { grace } = this.#store;
    this.#know(digest, { location, at, isFresh: (since) => since < grace / 2, isBacked: false });
  }

  #key(digest: Digest): string {
    return this.#store.keys.link(this.#repository, digest);
  }

  #remember(digest: Digest, found: FoundLocation | undefined, at: number): Location | undefined {
    this.#known.delete(digest);
    if (!found?.location) return undefined;
    this.#know(digest, {
      location: found.location,
      at,
      isFresh: (since) => isFresh(this.#store, found.facts, since),
      isBacked: false,
    });
    return found.location;
  }

  #know(digest: Digest, known: Known): void {
    for (const all of [this.#known, this.#seen]) if (all.size >= mostKnown) all.clear();
    this.#known.set(digest, known);
    this.#seen.add(digest);
  }
}
