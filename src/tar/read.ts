import type { Bytes } from "../bytes.ts";
import { chunksOf } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { ReadEntry } from "./entry.ts";
import type { TarEntry } from "./item.ts";
import type { TarHeader } from "./header.ts";
import { decodeName } from "./names.ts";
import { pathOf } from "./header.ts";
import { quote } from "./pax.ts";
import type { TarLimits } from "./scanner.ts";
import { Scanner } from "./scanner.ts";

/** How to read a tar. */
export interface ReadTarOptions {
  /** What is being read, for messages. Default: "tar". */
  what?: string | undefined;
  /** What is refused for its size. */
  limits?: TarLimits | undefined;
  /** Ends the reading. */
  signal?: AbortSignal | undefined;
}

/**
 * The entries of a tar, one at a time and in order. Reads v7, ustar, PAX, GNU and star, sparse files whole, names as
 * bytes; decompress first. The content of an entry is there while the loop stands at it; what is not read is skipped
 * without being copied. The stream is read to its very end, past the end of the archive; leaving the loop cancels it.
 *
 * @throws {GantryError} `invalid-archive` when it is not a tar, is damaged or ends early; `too-large` beyond a limit.
 *
 * @example
 * ```ts
 * import { readTar, writeTar } from "@gantry/oci/tar";
 *
 * for await (const entry of readTar(writeTar([{ type: "directory", path: "etc/" }]))) {
 *   console.log(entry.type, entry.path, await new Response(entry.readable).text());
 * }
 * ```
 */
export function readTar(
  stream: ReadableStream<Bytes>,
  options?: ReadTarOptions,
): AsyncGenerator<TarEntry, void, void> {
  return new Reader(stream, options).entries();
}

const pieceSize = 64 * 1024;

/** Moves chunks from the stream into the scanner, for the loop over entries and for the entry's content alike. */
class Reader {
  readonly #chunks: AsyncGenerator<Bytes, void, void>;
  readonly #scanner: Scanner;
  readonly #what: string;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #feeding: Promise<void> | undefined;
  #ended = false;

  constructor(stream: ReadableStream<Bytes>, { what = "tar", limits, signal }: ReadTarOptions = {}) {
    this.#signal = signal ? AbortSignal.any([this.#stop.signal, signal]) : this.#stop.signal;
    this.#chunks = chunksOf(stream, this.#signal);
    this.#scanner = new Scanner(what, limits);
    this.#what = what;
  }

  async *entries(): AsyncGenerator<TarEntry, void, void> {
    try {
      while (!this.#ended) {
        this.#signal.throwIfAborted();
        const head = this.#scanner.next();
        if (head) yield new ReadEntry(head, (form) => this.#open(head, form));
        else await this.#feed();
      }
    } finally {
      this.#scanner.leave();
      // Somebody may still wait for content that never comes.
      if (!this.#ended) {
        this.#stop.abort(new GantryError("consumed", `read ${this.#what}: the reader has been left`));
      }
      await this.#chunks.return();
    }
  }

  /** Feeds one chunk, or ends. Both faces may wait for it at once, and both get its error. */
  #feed(): Promise<void> {
    return this.#feeding ??= this.#chunks.next().then(({ done, value }) => {
      if (done) this.#scanner.finish();
      else this.#scanner.feed(value);
      this.#ended = done === true;
      this.#feeding = undefined;
    });
  }

  #open(head: TarHeader, form: "content" | "stored"): ReadableStream<Bytes> {
    if (form === "stored") return streamFrom(this.#stored(head));
    if (head.sparse) return streamFrom(this.#expanded(head));
    return new ReadableStream({
      pull: async (controller) => {
        while (!this.#give(head, controller)) await this.#feed();
      },
    }, { highWaterMark: 0 });
  }

  /** Gives a piece of content, or its end; tells whether there was something to give. */
  #give(head: TarHeader, controller: ReadableStreamDefaultController<Bytes>): boolean {
    const scanner = this.#here(head);
    const piece = scanner.content(Infinity);
    if (piece) controller.enqueue(piece);
    const ended = scanner.left === 0;
    if (ended) controller.close();
    return ended || piece !== undefined;
  }

  async *#stored(head: TarHeader): AsyncGenerator<Bytes, void, void> {
    if (head.map) yield head.map.slice();
    while (this.#here(head).left + this.#scanner.padding > 0) {
      const piece = this.#scanner.stored();
      if (piece) yield piece;
      else if (this.#ended) return yield new Uint8Array(this.#scanner.padding);
      else await this.#feed();
    }
  }

  async *#expanded(head: TarHeader): AsyncGenerator<Bytes, void, void> {
    this.#scanner.checkExpansion(head);
    const map = [...head.sparse!, head.size, 0];
    for (let i = 0, at = 0; i < map.length; i += 2) {
      for (; at < map[i]!; at += Math.min(pieceSize, map[i]! - at)) {
        yield new Uint8Array(Math.min(pieceSize, map[i]! - at));
      }
      for (let left = map[i + 1]!; left > 0;) {
        const piece = await this.#piece(head, left);
        if (!piece) break;
        left -= piece.length;
        at += piece.length;
        yield piece;
      }
    }
  }

  /** The next piece of an entry's content. */
  async #piece(head: TarHeader, length: number): Promise<Bytes | undefined> {
    while (this.#here(head).left > 0) {
      const piece = this.#scanner.content(length);
      if (piece) return piece;
      await this.#feed();
    }
    return undefined;
  }

  /** The scanner, if it still stands at this entry. */
  #here(head: TarHeader): Scanner {
    if (this.#scanner.at(head)) return this.#scanner;
    throw new GantryError(
      "consumed",
      `read ${this.#what}, entry ${quote(decodeName(pathOf(head)))}: the reader has gone on`,
    );
  }
}

function streamFrom(pieces: AsyncGenerator<Bytes, void, void>): ReadableStream<Bytes> {
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void await pieces.return(),
  }, { highWaterMark: 0 });
}
