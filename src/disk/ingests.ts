import { constants } from "node:fs";
import { mkdir, open, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { IngestStatus, Options } from "../content/contracts.ts";
import { isUnnamedSession } from "../content/ingest.ts";
import { GantryError } from "../errors.ts";
import type { Algorithm } from "../spec/digest.ts";
import type { BlobDirectory } from "./blob_directory.ts";
import { errno, ifThere } from "./errors.ts";
import { factsOf } from "./files.ts";
import { isFileName, namesIn } from "./directory.ts";
import { FileIngest, removeSession } from "./ingest.ts";
import { type Held, Lock } from "./lock.ts";

/** Not through a link that somebody has put in the place of the file. */
const appending = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0);

/** How to open a session. */
export interface SessionOptions extends Options {
  /** Whether to begin it where there is none. Default: yes. */
  create?: boolean | undefined;
  /** What its bytes are going to be hashed with. */
  algorithm?: Algorithm | undefined;
}

/** The writes in the making: a directory for each session, with its bytes and a lock. */
export class Ingests {
  readonly #directory: string;
  readonly #blobs: BlobDirectory;

  constructor(blobs: BlobDirectory) {
    this.#directory = join(blobs.state.directory, "ingest");
    this.#blobs = blobs;
  }

  /** Opens a session where it stands; `conflict` while another holds it. */
  async open(session: string, options: SessionOptions = {}): Promise<FileIngest> {
    const { create = true, algorithm = "sha256", signal } = options;
    if (!isFileName(session)) {
      throw new GantryError("invalid-name", `open session ${JSON.stringify(session)}: not a session's name`);
    }
    const directory = join(this.#directory, session);
    const data = join(directory, "data");
    const missing = () => new GantryError("not-found", `open session ${session}: no such session`);
    if (!create && !await factsOf(data)) throw missing();
    const end = this.#blobs.state.hold();
    const held = await this.#take(session, directory, signal).catch(async (error) => {
      await end();
      throw error;
    });
    try {
      if (!isUnnamedSession(session)) await this.#blobs.state.keepRoom();
      // Its last holder may have ended it since we looked.
      if (!create && !await factsOf(data)) throw missing();
      const file = await open(data, appending);
      const { size } = await file.stat();
      return new FileIngest({ session, directory, held, file, size, end }, this.#blobs, algorithm);
    } catch (error) {
      await held.release();
      await end();
      throw error;
    }
  }

  /** Whether a session has been begun. */
  async exists(session: string): Promise<boolean> {
    return isFileName(session) && await factsOf(join(this.#directory, session, "data")) !== undefined;
  }

  /** The sessions that can be continued. */
  async *list({ signal }: Options = {}): AsyncGenerator<IngestStatus, void, void> {
    for (const session of await namesIn(this.#directory)) {
      signal?.throwIfAborted();
      const data = await factsOf(join(this.#directory, session, "data"));
      if (!data || isUnnamedSession(session)) continue;
      yield { session, offset: data.size, updated: new Date(data.changed) };
    }
  }

  /**
   * Removes the sessions nobody holds in which nothing has happened since `before`, in milliseconds since 1970, but for
   * those that are to be kept.
   */
  async sweep(before: number, kept: ReadonlySet<string> = new Set()): Promise<void> {
    for (const session of await namesIn(this.#directory)) {
      if (kept.has(session)) continue;
      const directory = join(this.#directory, session);
      const touched = await ifThere(stat(join(directory, "data"))) ?? await ifThere(stat(directory));
      if (!touched || touched.mtimeMs >= before) continue;
      // Looked at, not taken: there may be no room for a ticket on the disk, and this is to make room.
      if (await this.#lock(directory).isHeld()) continue;
      await ifThere(removeSession(directory)); // or its holder ends it at the same time
    }
  }

  #lock(directory: string): Lock {
    return new Lock(directory, () => this.#blobs.state.createTemporary());
  }

  async #take(session: string, directory: string, signal: AbortSignal | undefined): Promise<Held> {
    for (let tries = 1;; tries++) {
      try {
        await mkdir(directory, { recursive: true });
        return await this.#lock(directory).take({ wait: 0, signal });
      } catch (error) {
        // Its last holder, or a collection of garbage, has just removed it, directory and all.
        const gone = errno(error) === "ENOENT" || !await ifThere(stat(directory));
        if (gone && tries < 10) continue;
        await rmdir(directory).catch(() => {}); // something is in it, unless we have just made it
        if (!GantryError.is(error, "conflict")) throw error;
        throw new GantryError("conflict", `open session ${session}: it is in use`, { cause: error });
      }
    }
  }
}
