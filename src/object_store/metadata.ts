import { type Deferred, deferred } from "../deferred.ts";
import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Bucket } from "../objects/bucket.ts";
import type { Change, Entry, ListOptions, Metadata } from "../store/metadata.ts";
import { Draft, nameOf, type Requires } from "./draft.ts";
import { compareBytes } from "./order.ts";
import { PageGone, Pages } from "./pages.ts";
import { cellBytes, type Root, sizeOf } from "./root.ts";
import { RootObject } from "./root_object.ts";
import { type Snapshot, sortedCells } from "./snapshot.ts";
import { sweepPages } from "./sweep.ts";
import { tidy, tidySize } from "./tidy.ts";
import { unlessAborted } from "../store/unless_aborted.ts";

/** Bytes of a tail that is put into pages at once: who changes much at a time waits for that. */
const largestTail = 1024 * 1024;
/** How often to look again when what an old root leads to is gone. */
const mostLooks = 20;

/** A commit that waits for its turn. */
interface Waiting {
  readonly changes: readonly Change[];
  readonly signal: AbortSignal | undefined;
  readonly done: Deferred<boolean>;
}

/** How records are kept in a bucket. */
export interface BucketMetadataOptions {
  /** What the keys of all objects begin with; empty, or with a slash at its end. */
  prefix: string;
  /** Which record has to be there for another one to be made. Default: none. */
  requires?: Requires | undefined;
  /** Bytes of the tail of which pages are made. */
  tailSize?: number | undefined;
}

/**
 * Records in a bucket, which any number of processes may change. One object, the root, holds those that changed last,
 * and leads to the others, which are in pages that are never changed. So a change of any number of records is one put
 * of the root, which succeeds only where the root is what was read.
 */
export class BucketMetadata implements Metadata {
  readonly #root: RootObject;
  readonly #pages: Pages;
  readonly #requires: Requires;
  readonly #tailSize: number;
  #waiting: Waiting[] = [];
  #committing = false;
  #committed: Promise<void> = Promise.resolve();
  #tidying: Promise<void> | undefined;
  #closed = false;

  constructor(
    bucket: Bucket,
    { prefix, requires = () => undefined, tailSize = tidySize }: BucketMetadataOptions,
  ) {
    this.#pages = new Pages(bucket, `${prefix}pages/`);
    this.#root = new RootObject(bucket, `${prefix}root`, this.#pages);
    this.#requires = requires;
    this.#tailSize = tailSize;
  }

  /** The time by the clock of the bucket, in milliseconds since 1970; 0 while nothing is there, unless it is to be. */
  now(options: { create?: boolean } = {}): Promise<number> {
    return this.#root.now(options);
  }

  async get(bucket: string, key: string, options: Options = {}): Promise<Entry | undefined> {
    return await this.#read(options, async (snapshot) => {
      const [, version, value = null] = await snapshot.find(nameOf(bucket, key), options) ?? [];
      return value === null ? undefined : { key, value, version: version! };
    });
  }

  async list(bucket: string, options: ListOptions = {}): Promise<Entry[]> {
    const { prefix = "", after, limit = 1000 } = options;
    const from = nameOf(bucket, after ?? prefix), within = nameOf(bucket, prefix);
    return await this.#read(options, async (snapshot) => {
      const entries: Entry[] = [];
      if (limit < 1) return entries;
      for await (const [name, version, value] of snapshot.range(from, options)) {
        if (!name.startsWith(within)) break;
        if (value === null || (after !== undefined && compareBytes(name, from) === 0)) continue;
        entries.push({ key: name.slice(bucket.length + 1), value, version });
        if (entries.length === limit) break;
      }
      return entries;
    });
  }

  async commit(changes: readonly Change[], { signal }: Options = {}): Promise<boolean> {
    this.#requireOpen();
    signal?.throwIfAborted();
    const done = deferred<boolean>();
    this.#waiting.push({ changes, signal, done });
    if (!this.#committing) this.#committed = this.#commitAll();
    return await unlessAborted(done.promise, signal);
  }

  /** Removes pages to which nothing leads: killed processes have left them. */
  async sweep(options: Options = {}): Promise<void> {
    await sweepPages(this.#root, this.#pages, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#committed;
    await this.#tidying;
  }

  /** Does something with the records as they are now; anew where a page has been merged into another meanwhile. */
  async #read<T>({ signal }: Options, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    this.#requireOpen();
    signal?.throwIfAborted();
    for (let looks = 1;; looks++) {
      const snapshot = await unlessAborted(this.#root.look(), signal);
      try {
        return await work(snapshot);
      } catch (error) {
        if (!(error instanceof PageGone) || looks === mostLooks) throw error;
      }
    }
  }

  /** One put after the other: all that is asked for while one is on its way goes into the next. */
  async #commitAll(): Promise<void> {
    this.#committing = true;
    try {
      await Promise.resolve(); // what is asked for at the same time goes along
      while (this.#waiting.length > 0) {
        const group = this.#waiting.splice(0);
        try {
          const results = await this.#commitGroup(group);
          group.forEach(({ done }, i) => done.resolve(results[i]!));
        } catch (error) {
          for (const { done } of group) done.reject(error);
        }
        this.#tidySoon();
      }
    } finally {
      this.#committing = false;
    }
  }

  async #commitGroup(group: readonly Waiting[]): Promise<boolean[]> {
    let results: boolean[] = [];
    let refusedIn: Snapshot | undefined;
    const change = async (snapshot: Snapshot): Promise<Partial<Root> | undefined> => {
      const draft = new Draft(snapshot, this.#requires);
      results = [];
      for (const { changes, signal } of group) {
        results.push(signal?.aborted ? false : await draft.apply(changes));
      }
      refusedIn = undefined;
      if (draft.serial === snapshot.root.serial) return void (refusedIn = snapshot);
      return { serial: draft.serial, ...await this.#fitting(draft.tail, snapshot.root) };
    };
    for (let looks = 1;; looks++) {
      const before = this.#root.last;
      try {
        await this.#root.change(change);
        // What an old root does not allow, the root of now may.
        if (refusedIn === undefined || refusedIn !== before || await this.#root.look() === before) {
          return results;
        }
      } catch (error) {
        if (!(error instanceof PageGone) || looks === mostLooks) throw error;
        await this.#root.look();
      }
    }
  }

  /** A tail that is too large becomes a run at once. Its pages are put after the root was read that is to lead to them. */
  async #fitting(tail: Root["tail"], { runs, merges }: Root): Promise<Partial<Root>> {
    if (cellBytes(tail).byteLength <= Math.max(largestTail, this.#tailSize)) return { tail };
    return { tail: [], runs: [await this.#pages.write(sortedCells(tail)), ...runs], merges: merges + 1 };
  }

  /** Makes pages of the tail once it is large, beside what else is done. */
  #tidySoon(): void {
    const { root } = this.#root.last ?? {};
    if (this.#tidying || !root) return;
    const size = cellBytes(root.tail).byteLength;
    // A large change has made a run of its own.
    const wanted = size > this.#tailSize ||
      (root.runs.length > 1 && sizeOf(root.runs[0]!) >= sizeOf(root.runs[1]!));
    if (!wanted) return;
    // Nothing is lost where it fails: the next change is followed by another try.
    this.#tidying = tidy(this.#root, this.#pages).catch(() => {}).finally(() => this.#tidying = undefined);
  }

  #requireOpen(): void {
    if (this.#closed) throw new GantryError("consumed", "open the records: the store has been closed");
  }
}
