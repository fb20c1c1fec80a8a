import type { FileHandle } from "node:fs/promises";
import { rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Bytes, chunksOf } from "../bytes.ts";
import type { Ingest, Options } from "../content/contracts.ts";
import { unnamedSession } from "../content/ingest.ts";
import type { Hasher } from "../digest/mod.ts";
import { createHasher } from "../digest/mod.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { type Algorithm, algorithmOf, type Digest } from "../spec/digest.ts";
import { mediaTypes } from "../spec/media_type.ts";
import type { BlobDirectory } from "./blob_directory.ts";
import { factsOf } from "./files.ts";
import { FileWriter } from "./file_writer.ts";
import { onDisk } from "./errors.ts";
import type { Held } from "./lock.ts";

/** How many bytes are read at once to be hashed. */
const chunkSize = 256 * 1024;

/** What an open session is made of. */
export interface OpenSession {
  /** Its name. */
  session: string;
  /** Where it is. */
  directory: string;
  /** Its lock, until it is closed. */
  held: Held;
  /** Its bytes, open for appending. */
  file: FileHandle;
  /** How many there are. */
  size: number;
  /** To be called when it is closed. */
  end(): Promise<void>;
}

/** A session that is open. Bytes are hashed as they come; those of an earlier call are read again at the end. */
export class FileIngest implements Ingest {
  readonly #open: OpenSession;
  readonly #blobs: BlobDirectory;
  readonly #algorithm: Algorithm;
  #hasher: Hasher | undefined;
  #offset: number;
  readonly #writer: FileWriter;
  /** Whether all that is there is there for good: another process may have been killed before that. */
  #isFlushed: boolean;
  #state: "idle" | "appending" | "over" = "idle";

  constructor(open: OpenSession, blobs: BlobDirectory, algorithm: Algorithm) {
    this.#open = open;
    this.#blobs = blobs;
    this.#algorithm = algorithm;
    this.#offset = open.size;
    this.#isFlushed = open.size === 0;
    this.#writer = new FileWriter(open.file, { flushed: true, written: (size) => this.#offset += size });
  }

  get offset(): number {
    return this.#offset;
  }

  async append(bytes: ReadableStream<Bytes>, at: number, options: Options = {}): Promise<number> {
    const { session } = this.#open;
    if (at !== this.#offset || this.#state !== "idle") {
      const reason = this.#state === "idle" ? `it stands at ${this.#offset}` : `it is ${this.#state}`;
      await bytes.cancel().catch(() => {});
      throw new GantryError("conflict", `append to session ${session} at ${at}: ${reason}`);
    }
    this.#state = "appending";
    try {
      if (this.#offset === 0) this.#hasher = await createHasher(this.#algorithm);
      await this.#appendAll(bytes, options.signal);
      return this.#offset;
    } finally {
      this.#state = "idle";
    }
  }

  async commit(expected?: Digest): Promise<Descriptor> {
    const { session, directory, file } = this.#open;
    this.#requireIdle("commit");
    const digest = await this.#disk("commit", async () => {
      await this.#flush();
      const [ours, there] = [await file.stat(), await factsOf(join(directory, "data"))];
      if (there?.ino !== ours.ino || ours.size !== this.#offset) {
        throw new GantryError("conflict", `commit session ${session}: somebody else has changed it`);
      }
      return await this.#digest(expected ? algorithmOf(expected) : "sha256");
    });
    if (expected && digest !== expected) {
      throw new GantryError("digest-mismatch", `write ${expected}: the bytes are ${digest}`);
    }
    await this.#disk("commit", () => this.#blobs.take(digest, join(directory, "data")));
    await this.abort();
    return { mediaType: mediaTypes.octetStream, digest, size: this.#offset };
  }

  async abort(): Promise<void> {
    const { directory, file, held, end } = this.#open;
    if (this.#state === "over") return;
    this.#requireIdle("abort");
    this.#state = "over";
    await this.#disk("end", async () => {
      try {
        await file.close();
        await held.abandon();
        await removeSession(directory);
      } finally {
        await end();
      }
    });
  }

  async close(): Promise<void> {
    const { file, held, end } = this.#open;
    if (this.#state === "over") return;
    this.#requireIdle("close");
    this.#state = "over";
    await this.#disk("close", async () => {
      try {
        await this.#flush();
      } finally {
        await file.close();
        await held.release();
        await end();
      }
    });
  }

  /** Writes pieces, and hashes them while those before them are written. */
  async #appendAll(bytes: ReadableStream<Bytes>, signal: AbortSignal | undefined): Promise<void> {
    try {
      for await (const piece of chunksOf(bytes, signal)) {
        this.#isFlushed = false;
        await this.#hasher?.update(piece);
        await this.#write(() => this.#writer.add(piece));
      }
    } finally {
      await this.#write(() => this.#writer.drain()); // also what came before the stream broke
    }
  }

  async #write(work: () => Promise<void>): Promise<void> {
    try {
      await this.#disk("append to", work);
    } catch (error) {
      // Part of it may be there: then that is where it goes on, and the bytes are to be read again.
      this.#hasher = undefined;
      this.#offset = (await this.#open.file.stat()).size;
      throw error;
    }
  }

  async #flush(): Promise<void> {
    if (this.#isFlushed) return;
    await this.#writer.sync();
    this.#isFlushed = true;
  }

  async #digest(algorithm: Algorithm): Promise<Digest> {
    const known = this.#algorithm === algorithm ? this.#hasher : undefined;
    this.#hasher = undefined;
    const hasher = known ?? await createHasher(algorithm);
    for (let at = 0; !known && at < this.#offset;) {
      const chunk = new Uint8Array(Math.min(chunkSize, this.#offset - at));
      const { bytesRead } = await this.#open.file.read(chunk, 0, chunk.byteLength, at);
      if (bytesRead === 0) break;
      await hasher.update(chunk.subarray(0, bytesRead));
      at += bytesRead;
    }
    return await hasher.digest();
  }

  #requireIdle(action: string): void {
    if (this.#state === "idle") return;
    throw new GantryError("conflict", `${action} session ${this.#open.session}: it is ${this.#state}`);
  }

  #disk<T>(action: string, work: () => Promise<T>): Promise<T> {
    return onDisk(`${action} session ${this.#open.directory}`, work);
  }
}

/** Removes a session. It is renamed first, so that whoever begins it anew loses nothing. */
export async function removeSession(directory: string): Promise<void> {
  const gone = join(dirname(directory), unnamedSession());
  await rename(directory, gone);
  await rm(gone, { recursive: true, force: true });
}
