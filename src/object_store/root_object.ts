import { readAll } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import type { Bucket } from "../objects/bucket.ts";
import type { Pages } from "./pages.ts";
import { changedRoot, emptyRoot, parseRoot, type Root, rootBytes, rootLimit, wasPut } from "./root.ts";
import { Snapshot } from "./snapshot.ts";

/** How long to try again when others are faster, in milliseconds. */
const patience = 60_000;

/** What to make of a root; undefined to leave it. */
export type ChangeRoot = (snapshot: Snapshot) => Promise<Partial<Root> | undefined>;

/** The object that leads to all records. It is only ever put where it is what was read. */
export class RootObject {
  readonly #bucket: Bucket;
  readonly #key: string;
  readonly #pages: Pages;
  #last: Snapshot | undefined;
  #next: Promise<Snapshot> | undefined;
  #looking: Promise<unknown> = Promise.resolve();
  /** How far the bucket's clock is before the milliseconds that we have run. It tells whole seconds, so it is at least that. */
  #ahead = -Infinity;

  constructor(bucket: Bucket, key: string, pages: Pages) {
    this.#bucket = bucket;
    this.#key = key;
    this.#pages = pages;
  }

  /** The last one that was seen, which may be old. */
  get last(): Snapshot | undefined {
    return this.#last;
  }

  /**
   * The time by the clock of the bucket, in milliseconds since 1970. While there is no root nothing tells it, and it is 0:
   * then nothing is old; `create` makes one.
   */
  async now({ create = false }: { create?: boolean } = {}): Promise<number> {
    if (this.#ahead === -Infinity) await this.look();
    if (this.#ahead === -Infinity && create) {
      await this.change(({ etag }) => Promise.resolve(etag === null ? {} : undefined));
      await this.look();
    }
    return this.#ahead === -Infinity ? 0 : Math.floor(this.#ahead + performance.now());
  }

  /** The root as it is now. Who asks while it is being read waits for the next look, which is one for all of them. */
  look(): Promise<Snapshot> {
    return this.#next ??= this.#looking.then(() => {
      this.#next = undefined;
      const looking = this.#fetch();
      this.#looking = looking.catch(() => {});
      return looking;
    });
  }

  /**
   * Changes the root, again and again until nobody was faster. It begins with the last one that was seen: if another has
   * changed it since, the bucket says so.
   *
   * @throws {GantryError} `unavailable` when others are faster all the time, or the bucket does not answer.
   */
  async change(change: ChangeRoot): Promise<Snapshot> {
    const by = crypto.randomUUID();
    const end = performance.now() + patience;
    let snapshot = this.#last ?? await this.look();
    for (let pause = 10;; pause = Math.min(pause * 2, 500)) {
      const changed = await change(snapshot);
      if (changed === undefined) return snapshot;
      const root = changedRoot(snapshot.root, by, changed);
      try {
        const etag = await this.#bucket.put(this.#key, rootBytes(root), { expect: snapshot.etag });
        return this.#last = new Snapshot(root, etag, this.#pages);
      } catch (error) {
        const isConflict = GantryError.is(error, "conflict", "rate-limited");
        if (!isConflict && !GantryError.is(error, "unavailable")) throw error;
        const before = snapshot.root;
        snapshot = await this.look();
        // The answer to our own put may have been lost.
        const isCertain = isConflict && (error as Error).cause === undefined;
        const done = isCertain ? false : wasPut(before, snapshot.root, by);
        if (done) return snapshot;
        if (!isConflict) throw error;
        if (done === undefined || performance.now() > end) throw this.#unavailable(error);
      }
      // All who wait try again at different times, so that one of them gets on.
      await new Promise((resolve) => setTimeout(resolve, pause * Math.random()));
    }
  }

  #unavailable(cause: unknown): GantryError {
    const reason = "others change it all the time";
    return new GantryError("unavailable", `put ${this.#key} in ${this.#bucket.name}: ${reason}`, { cause });
  }

  async #fetch(): Promise<Snapshot> {
    const found = await this.#bucket.get(this.#key);
    if (!found) return this.#last = new Snapshot(emptyRoot, null, this.#pages);
    const { body, etag, now } = found;
    this.#ahead = Math.max(this.#ahead, now.getTime() - performance.now());
    if (this.#last?.etag === etag) {
      await body.cancel();
      return this.#last;
    }
    const what = `${this.#key} in ${this.#bucket.name}`;
    const root = parseRoot(await readAll(body, { limit: rootLimit, what }), what);
    return this.#last = new Snapshot(root, etag, this.#pages);
  }
}
