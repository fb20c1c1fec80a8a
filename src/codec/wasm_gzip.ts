import type { Core } from "../../wasm/core.ts";
import { crc32Combine } from "../../wasm/crc32.ts";
import { CHUNK_SIZE, DICTIONARY_SIZE, type Level } from "../../wasm/deflater.ts";
import { workerCountOf } from "../../wasm/threads.ts";
import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { yieldToEventLoop, yieldToThreads } from "../event_loop.ts";
import { type Chunk, DeflatePool, type Piece } from "./deflate_pool.ts";
import type { CodecEngine, Job } from "./engine.ts";

/** gzip by the core: the same bytes on every runtime and for every number of workers. */
export function wasmGzip(load: () => Promise<Core>): Pick<CodecEngine, "work" | "run"> {
  return {
    work: "gzip",
    run(input, { level = 6, workers }: Job) {
      if (level !== 1 && level !== 6 && level !== 9) {
        throw new GantryError("unsupported", `gzip: level ${level} is not one of 1, 6 and 9`);
      }
      return gzip(input, level, load, workerCountOf("gzip", workers));
    },
  };
}

async function* gzip(
  input: AsyncIterable<Bytes>,
  level: Level,
  load: () => Promise<Core>,
  workerCount: number,
): AsyncGenerator<Bytes, void, void> {
  yield gzipHeader(level);
  const pool = new DeflatePool(await load(), level, workerCount);
  let crc = 0, size = 0;
  try {
    for await (const piece of compressed(chunks(input, pool), pool)) {
      crc = crc32Combine(crc, piece.crc32, piece.length);
      size += piece.length;
      yield piece.bytes;
    }
  } finally {
    pool.end();
  }
  const trailer = new DataView(new ArrayBuffer(8));
  trailer.setUint32(0, crc, true);
  trailer.setUint32(4, size % 2 ** 32, true);
  yield new Uint8Array(trailer.buffer);
}

/** https://www.rfc-editor.org/rfc/rfc1952#section-2.3: no time, no name, XFL for the level, an unknown system. */
function gzipHeader(level: Level): Bytes {
  return Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, level === 9 ? 2 : level === 1 ? 4 : 0, 255);
}

/** Cuts the input into chunks of one size, so that the output depends on nothing but the input. */
async function* chunks(input: AsyncIterable<Bytes>, pool: DeflatePool): AsyncGenerator<Chunk, void, void> {
  const dictionary = new Uint8Array(DICTIONARY_SIZE);
  let bytes = pool.buffer(), before = 0, length = 0;
  for await (const piece of input) {
    for (let at = 0; at < piece.byteLength;) {
      if (length === CHUNK_SIZE) {
        // More input has come, so this chunk is not the last. Its end is the dictionary of the next one.
        dictionary.set(bytes.subarray(CHUNK_SIZE));
        yield { bytes, before, length, final: false };
        bytes = pool.buffer();
        bytes.set(dictionary);
        before = DICTIONARY_SIZE;
        length = 0;
      }
      const part = piece.subarray(at, at + CHUNK_SIZE - length);
      bytes.set(part, DICTIONARY_SIZE + length);
      length += part.byteLength;
      at += part.byteLength;
    }
  }
  yield { bytes, before, length, final: true };
}

/** Compresses the chunks, and yields the pieces in order: what is done at once, the rest when too many are in work. */
async function* compressed(
  chunks: AsyncIterable<Chunk>,
  pool: DeflatePool,
): AsyncGenerator<Piece, void, void> {
  const pending: { piece: Promise<Piece>; done: boolean }[] = [];
  for await (const chunk of chunks) {
    const entry = { piece: pool.deflate(chunk), done: false };
    // An error is thrown when the piece is awaited, in its place.
    entry.piece.then(() => entry.done = true, () => entry.done = true);
    pending.push(entry);
    // Input and output may both be in memory: threads, timers and signals must get a chance.
    await (pool.busy ? yieldToThreads() : yieldToEventLoop());
    while (pending[0]?.done || pending.length > pool.maxPending) yield await pending.shift()!.piece;
  }
  for (const { piece } of pending) yield await piece;
}
