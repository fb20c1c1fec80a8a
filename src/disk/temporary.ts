import { randomUUID } from "node:crypto";
import { close, open, read, write } from "node:fs";
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
    const path = join(tmpdir(), `gantry-${randomUUID()}`);
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
    for await (const chunk of chunksOf(bytes, signal)) {
      for (let at = 0; at < chunk.byteLength;) {
        const left = chunk.byteLength - at;
        const count = await call<number>((done) => write(this.#file, chunk, at, left, this.#size, done));
        at += count;
        this.#size += count;
      }
    }
    return [start, this.#size];
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
      const piece = new Uint8Array(Math.min(pieceSize, end - at));
      const count = await call<number>((done) => read(this.#file, piece, 0, piece.byteLength, at, done));
      if (count === 0) return;
      at += count;
      yield piece.subarray(0, count);
    }
  }

  get #file(): number {
    if (this.#open) return this.#fd;
    throw new GantryError("consumed", "read archive: it has been closed");
  }
}

/** Descriptors rather than handles: Node complains of handles that are closed by the garbage collector. */
function call<T = void>(work: (done: (error: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    work((error, value) => error ? reject(storageError(action, error)) : resolve(value!));
  });
}
