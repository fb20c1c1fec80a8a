import { close, open, read, write, writev } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bytes, chunksOf } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { storageError } from "./errors.ts";
import type { Slices } from "../content/slices.ts";
import { streamOfPieces } from "../bytes.ts";

const pieceSize = 64 * 1024;
const action = `use a temporary file in ${JSON.stringify(tmpdir())}`;

/** Closes the files of those that were forgotten. */
const forgotten = new FinalizationRegistry((fd: number) => close(fd, () => {}));

/** A file that loses its name as soon as it has one: nothing is left of it, however the process ends. */
export class Temporary implements Slices {
  readonly #fd: number;
  #size = 0;
  #open = true;

  private constructor(fd: number) {
    this.#fd = fd;
    forgotten.register(this, fd, this);
  }

  /** Makes one. */
  static async create(): Promise<Temporary> {
    const path = join(tmpdir(), `gantry-${crypto.randomUUID()}`);
    const fd = await call<number>((done) => open(path, "wx+", 0o600, done));
    await rm(path, { force: true });
    return new Temporary(fd);
  }

  get size(): number {
    return this.#size;
  }

  /** Forgets what is in it; what comes then is written over it. */
  clear(): void {
    this.#size = 0;
  }

  /** Adds all of a stream, and tells where it lies. */
  async add(bytes: ReadableStream<Bytes>, signal?: AbortSignal): Promise<[start: number, end: number]> {
    const start = this.#size;
    for await (const chunk of chunksOf(bytes, signal)) await this.#write(chunk);
    return [start, this.#size];
  }

  /** Adds pieces, at once if the disk takes them; those before must be written. */
  async append(...pieces: Bytes[]): Promise<void> {
    const size = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (size === 0) return;
    let written = await call<number>((done) => writev(this.#file, pieces, this.#size, done));
    this.#size += written;
    // A disk that is nearly full takes a part.
    for (const piece of pieces) {
      if (written < piece.byteLength) await this.#write(piece.subarray(written));
      written = Math.max(0, written - piece.byteLength);
    }
  }

  async #write(bytes: Bytes): Promise<void> {
    for (let at = 0; at < bytes.byteLength;) {
      const left = bytes.byteLength - at;
      const count = await call<number>((done) => write(this.#file, bytes, at, left, this.#size, done));
      at += count;
      this.#size += count;
    }
  }

  /** The bytes from `start` up to `end`, fewer where there are no more. */
  async read(start: number, end: number): Promise<Bytes> {
    const bytes = new Uint8Array(Math.max(0, Math.min(end, this.#size) - start));
    return bytes.subarray(0, await this.readInto(bytes, start));
  }

  /** Fills a buffer with the bytes from `start` on; tells how many there were. */
  async readInto(bytes: Bytes, start: number): Promise<number> {
    const length = Math.max(0, Math.min(bytes.byteLength, this.#size - start));
    for (let at = 0; at < length;) {
      const count = await call<number>((done) => read(this.#file, bytes, at, length - at, start + at, done));
      if (count === 0) return at;
      at += count;
    }
    return length;
  }

  slice(start: number, end: number): { stream(): ReadableStream<Bytes> } {
    return { stream: () => streamOfPieces(this.#bytes(start, end)) };
  }

  /** Gives the room back. Streams that are being read break. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    forgotten.unregister(this);
    await call((done) => close(this.#fd, done));
  }

  async *#bytes(start: number, end: number): AsyncGenerator<Bytes, void, void> {
    for (let at = start; at < end;) {
      const piece = await this.read(at, Math.min(at + pieceSize, end));
      if (piece.byteLength === 0) return;
      at += piece.byteLength;
      yield piece;
    }
  }

  get #file(): number {
    if (this.#open) return this.#fd;
    throw new GantryError("consumed", "read a temporary file: it has been closed");
  }
}

/** Descriptors rather than handles: Node complains of handles that are closed by the garbage collector. */
function call<T = void>(work: (done: (error: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    work((error, value) => error ? reject(storageError(action, error)) : resolve(value!));
  });
}
