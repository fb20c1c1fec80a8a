import type { Lease, LeaseOptions, Options } from "../content/contracts.ts";
import { isFileName } from "../disk/directory.ts";
import { GantryError } from "../errors.ts";
import type { Digest } from "../spec/digest.ts";
import type { BlobLeases } from "../store/blobs.ts";
import { type Change, type Entry, listAll } from "../store/metadata.ts";
import { valueOf } from "../store/records.ts";
import { shared } from "./blob_value.ts";
import type { BucketMetadata } from "./metadata.ts";

/** How records of leases are written; times are in milliseconds since 1970, by the clock of the bucket. */
interface LeaseValue {
  /** Who took it. */
  holder: string;
  /** When its holder last wrote it down. */
  renewed: number;
  /** When it ends by itself, if that was said. */
  expires?: number;
}

interface Held {
  readonly id: string;
  readonly expires: Date | undefined;
  /** What it keeps, as far as it was written down here. */
  readonly noted: Set<Digest>;
  /** When it was last written down; never so far, where there is nothing to be kept. */
  renewed: number | undefined;
}

/**
 * The leases of a store in a bucket: records. Nobody can tell whether a process still runs that took one; so one without
 * an end ends when its holder has not written it down for the time of expiry.
 */
export class BucketLeases implements BlobLeases {
  readonly #metadata: BucketMetadata;
  readonly #expiry: number;
  readonly #self: string = crypto.randomUUID();
  readonly #held = new Set<Held>();

  /** `expiry` is in milliseconds. */
  constructor(metadata: BucketMetadata, expiry: number) {
    this.#metadata = metadata;
    this.#expiry = expiry;
  }

  async take(options: LeaseOptions = {}): Promise<Lease> {
    const { id = crypto.randomUUID(), expires, signal } = options;
    signal?.throwIfAborted();
    const action = `take lease ${id}`;
    if (!isFileName(id)) {
      throw new GantryError("invalid-name", `take lease ${JSON.stringify(id)}: not a lease's name`);
    }
    // Whoever names a lease, or says when it ends, writes it down at once.
    const isWritten = options.id !== undefined || expires !== undefined;
    const now = await this.#metadata.now({ create: isWritten });
    if (!expires && [...this.#held].some((held) => held.id === id && !isOver(held, now))) {
      throw new GantryError("conflict", `${action}: it is held already`);
    }
    const held: Held = { id, expires, noted: new Set(), renewed: undefined };
    // Others are with the first blob that they keep.
    while (isWritten) {
      const entry = await this.#find(id, signal);
      const value = entry && valueOf<LeaseValue>(entry);
      if (value && value.expires === undefined && value.holder !== this.#self && this.#isAlive(value, now)) {
        throw new GantryError("conflict", `${action}: another process holds it`);
      }
      if (!await this.#metadata.commit([this.#change(held, now, entry?.version ?? null)], { signal })) {
        continue;
      }
      held.renewed = now;
      break;
    }
    this.#held.add(held);
    let ended: Promise<void> | undefined;
    return { id, expires, [Symbol.asyncDispose]: () => ended ??= this.#end(held) };
  }

  async *list({ signal }: Options = {}): AsyncGenerator<Lease, void, void> {
    const now = await this.#metadata.now();
    const listed = new Set<string>();
    for await (const entry of listAll(this.#metadata, shared.leases, { signal })) {
      const value = valueOf<LeaseValue>(entry);
      if (!this.#isAlive(value, now)) continue;
      listed.add(entry.key);
      const expires = value.expires === undefined ? undefined : new Date(value.expires);
      yield { id: entry.key, expires, [Symbol.asyncDispose]: () => this.#forget(entry.key) };
    }
    for (const held of this.#held) {
      if (listed.has(held.id) || isOver(held, now)) continue;
      yield { id: held.id, expires: held.expires, [Symbol.asyncDispose]: () => this.#end(held) };
    }
  }

  async noted(): Promise<Set<Digest>> {
    const all = new Set<Digest>();
    const alive = new Set<string>();
    const now = await this.#metadata.now();
    for await (const entry of listAll(this.#metadata, shared.leases)) {
      if (this.#isAlive(valueOf<LeaseValue>(entry), now)) alive.add(entry.key);
    }
    if (alive.size === 0) return all;
    for await (const { key } of listAll(this.#metadata, shared.noted)) {
      const [id, digest] = splitNote(key);
      if (alive.has(id)) all.add(digest);
    }
    return all;
  }

  /** Whether a lease that is held here keeps a blob already, or whether none is held. */
  async isNoted(digest: Digest): Promise<boolean | "unleased"> {
    if (this.#held.size === 0) return "unleased";
    const now = await this.#metadata.now();
    const alive = [...this.#held].filter((held) => !isOver(held, now));
    if (alive.length === 0) return "unleased";
    return alive.every((held) => held.noted.has(digest) && !this.#isStale(held, now));
  }

  /** The changes by which all leases that are held here keep a blob; `done` is to be called once they are made. */
  async note(digest: Digest): Promise<{ changes: Change[]; done: () => void }> {
    const now = await this.#metadata.now({ create: true });
    const wanted = [...this.#held].filter((held) =>
      !isOver(held, now) && (!held.noted.has(digest) || this.#isStale(held, now))
    );
    const changes = wanted.flatMap((held): Change[] => [
      ...(this.#isStale(held, now) ? [this.#change(held, now)] : []),
      { bucket: shared.noted, key: `${held.id}/${digest}`, value: "{}" },
    ]);
    const done = () => {
      for (const held of wanted) {
        held.noted.add(digest);
        if (this.#isStale(held, now)) held.renewed = now;
      }
    };
    return { changes, done };
  }

  /** Removes the leases that have ended, with what they kept. */
  async sweep({ signal }: Options = {}): Promise<void> {
    const now = await this.#metadata.now();
    const alive = new Set<string>();
    for await (const entry of listAll(this.#metadata, shared.leases, { signal })) {
      if (this.#isAlive(valueOf<LeaseValue>(entry), now)) alive.add(entry.key);
      // Somebody may take it over at this moment.
      else {await this.#metadata.commit([{
          bucket: shared.leases,
          key: entry.key,
          value: null,
          expect: entry.version,
        }]);}
    }
    const gone: Change[] = [];
    for await (const { key, version } of listAll(this.#metadata, shared.noted, { signal })) {
      if (alive.has(splitNote(key)[0]) || await this.#find(splitNote(key)[0], signal)) continue;
      gone.push({ bucket: shared.noted, key, value: null, expect: version });
      if (gone.length === 1000) await this.#metadata.commit(gone.splice(0), { signal });
    }
    if (gone.length > 0) await this.#metadata.commit(gone, { signal });
  }

  async #end(held: Held): Promise<void> {
    if (!this.#held.delete(held) || held.renewed === undefined) return;
    await this.#forget(held.id);
  }

  async #forget(id: string): Promise<void> {
    const changes: Change[] = [{ bucket: shared.leases, key: id, value: null }];
    for await (const { key } of listAll(this.#metadata, shared.noted, { prefix: `${id}/` })) {
      changes.push({ bucket: shared.noted, key, value: null });
    }
    await this.#metadata.commit(changes);
  }

  #find(id: string, signal: AbortSignal | undefined): Promise<Entry | undefined> {
    return this.#metadata.get(shared.leases, id, { signal });
  }

  #change({ id, expires }: Held, renewed: number, expect?: Change["expect"]): Change {
    const value: LeaseValue = {
      holder: this.#self,
      renewed,
      ...(expires && { expires: expires.getTime() }),
    };
    return { bucket: shared.leases, key: id, value: JSON.stringify(value), expect };
  }

  #isAlive({ expires, renewed }: LeaseValue, now: number): boolean {
    return now < (expires ?? renewed + this.#expiry);
  }

  /** Whether it has to be written down, for the first time or once more. */
  #isStale({ renewed }: Held, now: number): boolean {
    return renewed === undefined || now - renewed > this.#expiry / 4;
  }
}

function isOver({ expires }: Held, now: number): boolean {
  return expires !== undefined && expires.getTime() <= now;
}

function splitNote(key: string): [id: string, digest: Digest] {
  const slash = key.indexOf("/");
  return [key.slice(0, slash), key.slice(slash + 1) as Digest];
}
