import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Content, Lease, Options } from "../content/contracts.ts";
import { BlobDirectory } from "../disk/blob_directory.ts";
import { namesIn } from "../disk/directory.ts";
import { restoreBlobs, sweepBlobs, takeAway } from "../disk/gc_sweep.ts";
import type { GantryDirectory } from "../disk/gantry_directory.ts";
import { Ingests } from "../disk/ingests.ts";
import { quarantine } from "../disk/quarantine.ts";
import { shareBlob } from "../disk/share_file.ts";
import { sweepTemporary } from "../disk/temporary_sweep.ts";
import { algorithms, type Digest, isDigest } from "../spec/digest.ts";
import type { BlobFacts, Blobs, CollectBlobsOptions, Collected, FoundBlob, IsNeeded } from "./blobs.ts";

/** How many use one lease, one after the other, until a new one is taken: what it keeps grows. */
const mostUsers = 1000;
/** A file may be about to be linked, a session about to be locked, in milliseconds after it was made. */
const newborn = 2_000;

/** A lease that several use; the last one ends it. */
class SharedLease {
  readonly taken: Promise<Lease>;
  #users = 1;
  #ever = 1;

  constructor(take: () => Promise<Lease>) {
    this.taken = take();
    this.taken.catch(() => {}); // everyone who waits for it sees that
  }

  /** The same for one more, unless it was used enough. */
  join(): SharedLease | undefined {
    if (this.#ever >= mostUsers) return undefined;
    this.#users++;
    this.#ever++;
    return this;
  }

  /** Whether this was the last one. */
  leave(): boolean {
    return --this.#users === 0;
  }
}

/** The blobs of a store that is a directory. */
export class DiskBlobs extends BlobDirectory implements Blobs {
  readonly sessions: Ingests = new Ingests(this);
  readonly #link: boolean;
  /** For all who refer to something at the same time: each digest is written down in all leases. */
  #lease: SharedLease | undefined;

  /** With `link`, blobs are taken by hard links where they can be. */
  constructor(
    directory: string,
    state: GantryDirectory,
    { link = false }: { link?: boolean | undefined } = {},
  ) {
    super(directory, state);
    this.#link = link;
  }

  file(digest: Digest): string {
    return this.path(digest);
  }

  async share(digest: Digest, content: Content, options: Options): Promise<number | undefined> {
    return this.#link ? await shareBlob(this, digest, content, options) : undefined;
  }

  async *factsOf(
    digests: ReadonlySet<Digest>,
    { signal }: Options = {},
  ): AsyncGenerator<readonly [Digest, BlobFacts], void, void> {
    for (const digest of digests) {
      signal?.throwIfAborted();
      const facts = await this.facts(digest);
      if (facts) yield [digest, facts];
    }
  }

  now(): Promise<number> {
    return Promise.resolve(Date.now());
  }

  async *all({ signal }: Options = {}): AsyncGenerator<FoundBlob, void, void> {
    for (const algorithm of algorithms) {
      for (const hex of await namesIn(join(this.directory, algorithm))) {
        signal?.throwIfAborted();
        const digest = `${algorithm}:${hex}`;
        const path = join(this.directory, algorithm, hex);
        yield isDigest(digest) ? { path, digest } : { path };
      }
    }
  }

  async leased<T>(work: () => Promise<T>): Promise<T> {
    const lease = this.#lease = this.#lease?.join() ??
      new SharedLease(() => this.withRoom(() => this.leases.take()));
    try {
      await lease.taken;
      return await work();
    } finally {
      if (lease.leave()) {
        if (this.#lease === lease) this.#lease = undefined;
        await (await lease.taken)[Symbol.asyncDispose]();
      }
    }
  }

  quarantine(digest: Digest, options: Options): Promise<boolean> {
    return quarantine(this, digest, options);
  }

  async reserve(bytes: number): Promise<() => Promise<void>> {
    const end = this.state.hold();
    await mkdir(this.state.directory, { recursive: true });
    await this.state.keepRoom(bytes);
    return end;
  }

  withRoom<T>(work: () => Promise<T>): Promise<T> {
    return this.state.withRoom(work);
  }

  async drop(digest: Digest): Promise<void> {
    await rm(this.path(digest), { force: true });
  }

  /** With the lock: a collection of garbage puts back what it finds half removed. */
  async remove(digest: Digest, isNeeded: IsNeeded, { signal }: Options): Promise<void> {
    await this.state.locked(async () => {
      if (await isNeeded(digest) || !await this.facts(digest)) return;
      await takeAway(digest, this, Infinity, isNeeded);
    }, { signal });
  }

  undisturbed<T>(work: () => Promise<T>, { signal }: Options): Promise<T> {
    return this.state.locked(async () => {
      await restoreBlobs(this);
      return await work();
    }, { signal });
  }

  async collecting<T>(
    { before, sessions, signal }: CollectBlobsOptions,
    work: () => Promise<T>,
  ): Promise<T> {
    // Without the lock: a full disk has no room for it.
    const unused = Math.min(before, Date.now() - newborn);
    await sweepTemporary(join(this.state.directory, "tmp"), unused);
    await this.sessions.sweep(unused, sessions);
    await this.leases.sweep();
    await this.state.useRoom();
    return await this.undisturbed(work, { signal });
  }

  async sweep(
    recorded: () => Promise<ReadonlySet<Digest>>,
    isNeeded: IsNeeded,
    { before, signal }: Options & { before: number },
  ): Promise<Collected> {
    return await sweepBlobs(this, await recorded(), before, signal, isNeeded);
  }
}
