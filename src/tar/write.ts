import type { Bytes } from "../bytes.ts";
import { chunksOf } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { encodeHeader, paddingOf, sizeOf } from "./encode.ts";
import { ReadEntry } from "./entry.ts";
import { blockSize } from "./head.ts";
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
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([stop.signal, options.signal]) : stop.signal;
  const pieces = tarPieces(items, signal);
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel(reason) {
      stop.abort(reason);
      await pieces.return().catch(() => {});
    },
  }, { highWaterMark: 0 });
}

async function* tarPieces(
  items: AsyncIterable<TarItem> | Iterable<TarItem>,
  signal: AbortSignal,
): AsyncGenerator<Bytes, void, void> {
  let padding = 0;
  for await (const item of items) {
    signal.throwIfAborted();
    const untouched = item instanceof ReadEntry;
    const header = untouched ? item.header : encodeHeader(item);
    // The padding of one item and the header of the next go in one piece.
    const piece = new Uint8Array(padding + header.length);
    piece.set(header, padding);
    yield piece;
    if (untouched && item.storedSize > 0) yield* chunksOf(item.stored, signal);
    else if (!untouched && item.readable) yield* exactly(sizeOf(item), item, signal);
    padding = untouched ? 0 : paddingOf(sizeOf(item));
  }
  yield new Uint8Array(padding + 2 * blockSize);
}

async function* exactly(
  size: number,
  item: TarItem,
  signal: AbortSignal,
): AsyncGenerator<Bytes, void, void> {
  let length = 0;
  for await (const chunk of chunksOf(item.readable as ReadableStream<Bytes>, signal)) {
    length += chunk.length;
    if (length > size) break;
    if (chunk.length > 0) yield chunk;
  }
  if (length !== size) {
    const found = length > size ? `more than ${size} bytes` : `${length} bytes, expected ${size}`;
    throw new GantryError("size-mismatch", `write tar entry ${quote(item.path)}: ${found}`);
  }
}
