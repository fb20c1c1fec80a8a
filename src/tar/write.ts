import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { encodeHeader, paddingOf, sizeOf } from "./encode.ts";
import { ReadEntry } from "./entry.ts";
import { blockSize } from "./header.ts";
import type { TarItem } from "./item.ts";
import { quote } from "./pax.ts";

/** How to write a tar. */
export interface WriteTarOptions {
  /** Ends the writing. */
  signal?: AbortSignal | undefined;
}

/**
 * A tar of these items: ustar, with PAX records where ustar cannot hold something. The same items give the same bytes,
 * everywhere and always. An entry of `readTar` that was not changed is written byte for byte as it was. Nothing is
 * read before it is asked for; cancelling the stream cancels the content being read and leaves the items.
 *
 * @throws {GantryError} `size-mismatch` when content is longer or shorter than its item says, `invalid-name` for names
 * that a tar cannot hold, `invalid-archive` for other things that make no sense, `unsupported` for type `other`.
 *
 * @example
 * ```ts
 * import { writeTar } from "@gantry/oci/tar";
 *
 * const hello = new TextEncoder().encode("hello");
 * const tar = writeTar([
 *   { type: "directory", path: "greetings/" },
 *   { type: "file", path: "greetings/en", size: hello.length, readable: new Blob([hello]).stream() },
 * ]);
 * console.log((await new Response(tar).bytes()).length); // 2560
 * ```
 */
export function writeTar(
  items: AsyncIterable<TarItem> | Iterable<TarItem>,
  options: WriteTarOptions = {},
): ReadableStream<Bytes> {
  const writer = new Writer(items, options.signal);
  return new ReadableStream({
    pull: (controller) => writer.pull(controller),
    cancel: (reason) => writer.leave(reason),
  }, { highWaterMark: 0 });
}

/** The item whose content is being written. */
interface Open {
  item: TarItem;
  reader: ReadableStreamDefaultReader<Uint8Array>;
  /** How much content there must be. */
  size: number;
}

/** Gives one piece at a time. Not a generator around generators, which take longer than all the rest. */
class Writer {
  readonly #items: AsyncIterator<TarItem> | Iterator<TarItem>;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = () => void this.#open?.reader.cancel(this.#signal!.reason).catch(() => {});
  #open: Open | undefined;
  #length = 0;
  #padding = 0;
  #over = false;

  constructor(items: AsyncIterable<TarItem> | Iterable<TarItem>, signal: AbortSignal | undefined) {
    this.#items = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    this.#signal = signal;
    signal?.addEventListener("abort", this.#abort, { once: true });
  }

  async pull(controller: ReadableStreamDefaultController<Bytes>): Promise<void> {
    try {
      this.#signal?.throwIfAborted();
      while (this.#open) {
        const { done, value } = await this.#open.reader.read();
        this.#signal?.throwIfAborted();
        if (this.#over) return;
        this.#count(this.#open, value);
        if (done) this.#open = undefined;
        else if (value.length > 0) return controller.enqueue(value as Bytes);
      }
      const { done, value: item } = await this.#items.next();
      this.#signal?.throwIfAborted();
      if (this.#over) return;
      if (!done) return controller.enqueue(this.#header(item));
      this.#signal?.removeEventListener("abort", this.#abort);
      controller.enqueue(new Uint8Array(this.#padding + 2 * blockSize));
      controller.close();
    } catch (error) {
      await this.leave(error);
      throw error;
    }
  }

  /** Leaves the content, then the items: who waits for content that never comes gets its end. */
  async leave(reason: unknown): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#signal?.removeEventListener("abort", this.#abort);
    this.#open?.reader.cancel(reason).catch(() => {});
    try {
      await this.#items.return?.();
    } catch {
      // Why it ends is known.
    }
  }

  #count({ size, item }: Open, chunk: Uint8Array | undefined): void {
    this.#length += chunk?.length ?? 0;
    if (chunk ? this.#length <= size : this.#length === size) return;
    const found = chunk ? `more than ${size} bytes` : `${this.#length} bytes, expected ${size}`;
    throw new GantryError("size-mismatch", `write tar entry ${quote(item.path)}: ${found}`);
  }

  /** The header of an item, behind the padding of the one before it. */
  #header(item: TarItem): Bytes {
    const zeros = this.#padding;
    this.#length = 0;
    if (item instanceof ReadEntry) return this.#untouched(item, zeros);
    const piece = encodeHeader(item, zeros);
    const size = sizeOf(item);
    this.#padding = paddingOf(size);
    if (item.readable) this.#open = { item, size, reader: item.readable.getReader() };
    return piece;
  }

  /** The header of an entry as it was; its padding comes with its content. */
  #untouched(entry: ReadEntry, zeros: number): Bytes {
    const { sharedHeader: header, storedSize } = entry;
    const piece = new Uint8Array(zeros + header.length);
    piece.set(header, zeros);
    const size = storedSize + paddingOf(storedSize);
    this.#padding = 0;
    if (size > 0) this.#open = { item: entry, size, reader: entry.stored.getReader() };
    return piece;
  }
}
