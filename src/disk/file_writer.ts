import type { FileHandle } from "node:fs/promises";
import type { Bytes } from "../bytes.ts";
import { writePieces } from "./files.ts";

/** How many bytes are written at once. */
const batchSize = 256 * 1024;
/** How many pieces are written at once; Linux takes 1024. */
const mostPieces = 512;
/** How many bytes are flushed at once while more are coming. */
const flushSize = 16 * 1024 * 1024;

/** How to write into a file. */
export interface FileWriterOptions {
  /** Whether it is going to be flushed: then much of that is done while more is coming. */
  flushed: boolean;
  /** Is told how many bytes have been written, and of which pieces. */
  written?(size: number, pieces: readonly Bytes[]): void;
}

/** Writes pieces behind each other into a file: several at once, while the next ones come. */
export class FileWriter {
  readonly #file: FileHandle;
  readonly #options: FileWriterOptions;
  #pieces: Bytes[] = [];
  #size = 0;
  #writing: Promise<void> | undefined;
  #unflushed = 0;
  #flushing: Promise<void> | undefined;

  constructor(file: FileHandle, options: FileWriterOptions) {
    this.#file = file;
    this.#options = options;
  }

  /** Takes a piece, which must stay as it is. Waits while too many are to be written. */
  async add(piece: Bytes): Promise<void> {
    this.#pieces.push(piece);
    this.#size += piece.byteLength;
    if (this.#size >= batchSize || this.#pieces.length >= mostPieces) await this.#begin();
  }

  /** Waits until all pieces are written. */
  async drain(): Promise<void> {
    await this.#begin();
    await this.#written();
  }

  /** Makes what is written stay, also after a power cut. */
  async sync(): Promise<void> {
    await this.#flushing; // the disk tells of an error once
    await this.#file.sync();
  }

  /** Begins to write what has come, once what came before is written. */
  async #begin(): Promise<void> {
    const pieces = this.#pieces;
    [this.#pieces, this.#size] = [[], 0];
    await this.#written();
    if (pieces.length === 0) return;
    this.#writing = writePieces(this.#file, pieces).then((size) => {
      this.#options.written?.(size, pieces);
      this.#flushEarly(size);
    });
    this.#writing.catch(() => {}); // `#written` looks at it
  }

  async #written(): Promise<void> {
    try {
      await this.#writing;
    } finally {
      this.#writing = undefined;
    }
  }

  /** Flushes what has come while more is coming, so that little is left to flush at the end. */
  #flushEarly(size: number): void {
    this.#unflushed += size;
    if (!this.#options.flushed || this.#flushing || this.#unflushed < flushSize) return;
    this.#unflushed = 0;
    this.#flushing = this.#file.datasync().then(() => this.#flushing = undefined);
    this.#flushing.catch(() => {}); // `sync` looks at it
  }
}
