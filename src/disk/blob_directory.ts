import { rename, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Bytes } from "../bytes.ts";
import type { Address, Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { algorithmOf, type Digest, hexOf, parseDigest } from "../spec/digest.ts";
import { errno, ifThere } from "./errors.ts";
import { factsOf, type FileFacts } from "./files.ts";
import { makeDirectory, syncDirectory } from "./directory.ts";
import { putFile } from "./replace.ts";
import { readKept } from "./read_kept.ts";
import { fileStream } from "./stream.ts";
import { Leases } from "./leases.ts";
import type { GantryDirectory } from "./gantry_directory.ts";

/** A directory of blobs: `sha256/44136fa3…`. */
export class BlobDirectory {
  readonly directory: string;
  readonly state: GantryDirectory;
  readonly leases: Leases;
  /** The directories that are to be flushed. */
  readonly #unflushed = new Set<string>();
  /** One flush after the other: nobody goes on before what is being flushed for another is. */
  #flushing = Promise.resolve();

  constructor(directory: string, state: GantryDirectory) {
    this.directory = directory;
    this.state = state;
    this.leases = new Leases(state);
  }

  /** Where a blob is, or would be. */
  path(digest: Digest): string {
    parseDigest(digest); // what becomes a path is checked here, wherever it comes from
    return join(this.directory, algorithmOf(digest), hexOf(digest));
  }

  /** A blob's facts; nothing when it is not here. */
  async facts(digest: Digest): Promise<FileFacts | undefined> {
    return await factsOf(this.path(digest));
  }

  /**
   * The size of a blob that somebody is about to build upon, nothing when it has to be written. Once this has found
   * it, no collection of garbage takes it away while the lease is held, or for the time of grace without one.
   */
  async claim({ digest, size }: Address): Promise<number | undefined> {
    const path = this.path(digest);
    // First said, then looked: see `sweepBlobs`.
    await this.leases.note(digest);
    const look = async () => {
      const now = new Date();
      const refused = await utimes(path, now, now).then(() => undefined, errno);
      if (refused === "ENOENT") return undefined; // all else is another user's file: then only a lease helps
      return await factsOf(path).catch((error) => {
        if (GantryError.is(error, "invalid-document")) return undefined; // written anew, over whatever is there
        throw error;
      });
    };
    // A collection of garbage may have taken it away a moment ago, or have been killed then.
    const facts = await look() ?? (await this.putBack(digest) ? await look() : undefined);
    if (!facts || (size !== undefined && facts.size !== size)) return undefined;
    // Another process may have put it there a moment ago.
    if (this.leases.areHeld) this.#unflushed.add(dirname(path));
    return facts.size;
  }

  /** Where a blob is while a collection of garbage decides about it. */
  trashPath(digest: Digest): string {
    return join(this.state.directory, "trash", `${algorithmOf(digest)}-${hexOf(digest)}`);
  }

  /** Puts a blob back that is being decided about, if there is one. */
  async putBack(digest: Digest): Promise<boolean> {
    const from = this.trashPath(digest);
    if (!await factsOf(from)) return false;
    await makeDirectory(dirname(this.path(digest)));
    return await ifThere(rename(from, this.path(digest)).then(() => true)) ?? false;
  }

  /** Opens a blob. The file is opened with the first read, so that a stream nobody reads holds nothing. */
  async open(
    what: Address,
    { start = 0, end, signal }: Options & { start?: number | undefined; end?: number | undefined } = {},
  ): Promise<ReadableStream<Bytes>> {
    const { digest, size } = what;
    const facts = await this.facts(digest);
    if (!facts) throw missing(digest, this.directory);
    if (size !== undefined && facts.size !== size) {
      throw new GantryError(
        "size-mismatch",
        `read ${this.path(digest)}: ${facts.size} bytes, expected ${size}`,
      );
    }
    return fileStream(this.path(digest), start, Math.min(end ?? facts.size, facts.size), signal);
  }

  /** A document whole and verified. */
  read(what: Address, options: Options & { limit?: number | undefined } = {}): Promise<Bytes> {
    return readKept(this, what, options);
  }

  /** Puts a small blob in its place. Under a lease it is there for good with the next `flush`. */
  async put(digest: Digest, bytes: Bytes): Promise<void> {
    await this.leases.note(digest);
    const path = this.path(digest);
    await makeDirectory(dirname(path));
    await putFile(path, bytes, await this.state.createTemporary(), (directory) => this.#placed(directory));
  }

  /** Puts a file that holds a blob, verified and flushed, in its place. Under a lease it is there for good with `flush`. */
  async take(digest: Digest, file: string): Promise<void> {
    await this.leases.note(digest);
    const path = this.path(digest);
    const directory = dirname(path);
    try {
      await rename(file, path).catch(async (error) => {
        if (errno(error) !== "ENOENT") throw error;
        await makeDirectory(directory);
        await rename(file, path);
      });
    } catch (error) {
      // Windows renames over no file that is being read; but that has the same bytes.
      if (errno(error) !== "EPERM" || !await this.facts(digest)) throw error;
    }
    await this.#placed(directory);
  }

  /** Makes what was put in its place stay there, also after a power cut. To be called before something refers to it. */
  flush(): Promise<void> {
    return this.#flushing = this.#flushing.catch(() => {}).then(() => this.#flush());
  }

  async #flush(): Promise<void> {
    for (const directory of [...this.#unflushed]) {
      this.#unflushed.delete(directory);
      await syncDirectory(directory).catch((error) => {
        this.#unflushed.add(directory);
        throw error;
      });
    }
  }

  /** One flush for all that is written under a lease: nothing refers to it yet. */
  async #placed(directory: string): Promise<void> {
    if (this.leases.areHeld) this.#unflushed.add(directory);
    else await syncDirectory(directory);
  }
}

/** The error for a blob that is not there. */
export function missing(digest: Digest, directory: string): GantryError {
  return new GantryError("not-found", `read ${digest}: not in ${JSON.stringify(directory)}`);
}
