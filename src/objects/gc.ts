import type { Options } from "../content/contracts.ts";
import { childrenOf } from "../content/relations.ts";
import { documentLimit } from "../content/read.ts";
import { Slots } from "../content/slots.ts";
import { GantryError } from "../errors.ts";
import { parseDocument } from "../spec/document.ts";
import { type FoundLocation, type Location, putLocation, readLocation } from "./blob_records.ts";
import type { ObjectFacts } from "./bucket.ts";
import { ageOf, readSmall } from "./documents.ts";
import { giveUp } from "./expired_uploads.ts";
import { digestAt } from "./keys.ts";
import { loadProgress, newProgress, type Phase, phases, type Progress, saveProgress } from "./gc_progress.ts";
import { listPage } from "./list_objects.ts";
import { removeSoon } from "./removal.ts";
import type { Store } from "./store.ts";

/** How to collect garbage. */
export interface CollectOptions extends Options {
  /** Seconds. Default: those of the bucket's repositories; less only while nobody else writes. */
  grace?: number | undefined;
  /** Only tells what would be removed. */
  dryRun?: boolean | undefined;
  /** How many objects are looked at, at least, before it stops for now. Default: all. */
  limit?: number | undefined;
  /** Goes on where the run before stopped. */
  cursor?: string | undefined;
}

/** What was removed, or would be. */
export interface Collected {
  /** How many blobs that nothing refers to. */
  readonly blobs: number;
  /** How many bytes they have. */
  readonly bytes: number;
  /** How many links of repositories to blobs that no manifest of theirs names. */
  readonly links: number;
  /** How many uploads that nobody went on with. */
  readonly uploads: number;
  /** With this another run goes on; undefined once all is done. */
  readonly cursor?: string | undefined;
}

/** How many objects are worked on at once. */
const concurrency = 16;

/** Removes what nothing refers to and nobody has put of late. */
export async function collect(store: Store, options: CollectOptions): Promise<Collected> {
  const progress =
    await (options.cursor === undefined
      ? newProgress(store, options)
      : loadProgress(store, options.cursor, options));
  const run = new Collection(store, progress, options);
  const done = await run.work();
  const cursor = await saveProgress(store, progress, done, options);
  return { ...run.counts, ...(cursor !== undefined && { cursor }) };
}

class Collection {
  readonly counts = { blobs: 0, bytes: 0, links: 0, uploads: 0 };
  readonly #store: Store;
  readonly #progress: Progress;
  readonly #options: CollectOptions;
  readonly #grace: number;

  constructor(store: Store, progress: Progress, options: CollectOptions) {
    this.#store = store;
    this.#progress = progress;
    this.#options = options;
    this.#grace = options.grace === undefined ? store.grace : options.grace * 1000;
  }

  /** Works until it is done, which it tells, or has looked at enough. */
  async work(): Promise<boolean> {
    const { limit = Infinity, signal } = this.#options;
    const { keys, bucket } = this.#store;
    const prefixes: Record<Phase, string> = {
      uploads: keys.uploads,
      mark: keys.repositories,
      links: keys.repositories,
      blobs: keys.records,
    };
    for (let looked = 0; this.#progress.phase < phases.length;) {
      const phase = phases[this.#progress.phase]!;
      if (looked >= limit) return false;
      const page = await listPage(bucket, { prefix: prefixes[phase], cursor: this.#progress.cursor, signal });
      const slots = new Slots(concurrency);
      await Promise.all(page.objects.map((object) => slots.run(() => this.#look(phase, object), signal)));
      looked += page.objects.length;
      this.#progress.cursor = page.cursor;
      if (page.cursor === undefined) this.#progress.phase++;
    }
    return true;
  }

  async #look(phase: Phase, object: ObjectFacts): Promise<void> {
    // What is put from now on is put by somebody who has looked, or put, what it refers to within the grace.
    this.#progress.began ??= object.now.getTime();
    if (phase === "uploads") await this.#lookAtUpload(object);
    else if (phase === "mark") await this.#mark(object);
    else if (phase === "links") await this.#lookAtLink(object);
    else await this.#lookAtRecord(object);
  }

  async #lookAtUpload(object: ObjectFacts): Promise<void> {
    const { dryRun = false, signal } = this.#options;
    if (ageOf(object) < this.#store.expiry || !this.#store.keys.sessionOf(object.key)) return;
    if (dryRun || await giveUp(this.#store, object.key, { signal })) this.counts.uploads++;
  }

  /** Marks what a manifest names. One that cannot be read may name anything, so it ends all. */
  async #mark({ key }: ObjectFacts): Promise<void> {
    const { signal } = this.#options;
    const found = this.#store.keys.parse(key);
    if (found?.kind !== "manifests" || !digestAt(found.name)) return;
    const manifest = await readSmall(this.#store.bucket, key, { limit: documentLimit, signal });
    if (!manifest) return;
    const { mediaType } = parseDocument(manifest.bytes, { what: `${key} in ${this.#store.bucket.name}` });
    for (const { digest } of childrenOf(manifest.bytes, mediaType)) {
      this.#progress.marks.add(`${found.repository}@${digest}`);
    }
  }

  async #lookAtLink(object: ObjectFacts): Promise<void> {
    const found = this.#store.keys.parse(object.key);
    const digest = found?.kind === "blobs" ? digestAt(found.name) : undefined;
    if (!found || !digest) return;
    const { marks } = this.#progress;
    if (this.#isOld(object) && !marks.has(`${found.repository}@${digest}`)) {
      const condemned = await this.#condemn(object, async () => {});
      if (condemned) {
        if (condemned !== "before") this.counts.links++;
        return;
      }
    }
    marks.add(digest);
  }

  async #lookAtRecord(object: ObjectFacts): Promise<void> {
    const digest = digestAt(object.key.slice(this.#store.keys.records.length));
    if (!digest || !this.#isOld(object) || this.#progress.marks.has(digest)) return;
    const condemned = await this.#condemn(
      object,
      ({ data }, options) => this.#store.bucket.delete(this.#store.keys.data(data), options),
    );
    if (!condemned || condemned === "before") return;
    this.counts.blobs++;
    this.counts.bytes += condemned.size;
  }

  /**
   * Condemns a record or link, unless somebody has put it anew. What was condemned before is removed: for as long as the
   * grace everybody has taken it for gone. That is said first, and whoever puts it anew waits for it.
   */
  async #condemn(
    { key }: ObjectFacts,
    afterwards: (location: Pick<Location, "data">, options: Options) => Promise<void>,
  ): Promise<Location | "before" | undefined> {
    const { dryRun = false } = this.#options;
    const { bucket, clock } = this.#store;
    const found: FoundLocation | undefined = await readLocation(this.#store, key, this.#signal);
    if (!found || !this.#isOld(found.facts)) return undefined;
    const { location, data, facts: { etag } } = found;
    if (dryRun) return location ?? "before";
    try {
      const begun = clock();
      const state = location ? "condemned" : "leaving";
      const expect = await putLocation(this.#store, key, location ?? { data, size: 0 }, {
        ...this.#signal,
        expect: etag,
        state,
      });
      await removeSoon(this.#store, begun, async (options) => {
        await afterwards({ data }, options);
        if (!location) await bucket.delete(key, { ...options, expect });
      }, this.#signal);
      return location ?? "before";
    } catch (error) {
      if (!GantryError.is(error, "conflict")) throw error;
      return undefined;
    }
  }

  /** Buckets tell whole seconds only. */
  #isOld({ modified }: ObjectFacts): boolean {
    return modified.getTime() + 1000 < this.#progress.began! - this.#grace;
  }

  get #signal(): Options {
    return { signal: this.#options.signal };
  }
}
