import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import type { Core } from "../../wasm/core.ts";
import { crc32Combine } from "../../wasm/crc32.ts";
import type { Level } from "../../wasm/deflater.ts";
import { handsOf } from "../../wasm/threads.ts";
import { turn, turnForThreads } from "../../wasm/turn.ts";
import { type Chunk, chunkSize, Deflaters, dictionarySize, type Piece } from "./deflaters.ts";
import type { CodecEngine, Job } from "./engine.ts";

/** The core's own: the same bytes everywhere, whoever compresses and however many. */
export function wasmGzip(load: () => Promise<Core>): Pick<CodecEngine, "work" | "run"> {
  return {
    work: "gzip",
    run(input, { level = 6, workers }: Job) {
      if (level !== 1 && level !== 6 && level !== 9) {
        throw new GantryError("unsupported", `gzip: level ${level} is not one of 1, 6 and 9`);
      }
      return gzip(input, level, load, handsOf("gzip", workers));
    },
  };
}

async function* gzip(
  input: AsyncIterable<Bytes>,
  level: Level,
  load: () => Promise<Core>,
  hands: number,
): AsyncGenerator<Bytes, void, void> {
  // https://www.rfc-editor.org/rfc/rfc1952#section-2.3: no time, no name; what XFL says of the level, an unknown system.
  yield Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, level === 9 ? 2 : level === 1 ? 4 : 0, 255);
  const deflaters = new Deflaters(await load(), level, hands);
  let crc = 0, size = 0;
  try {
    for await (const piece of inOrder(chunks(input, deflaters), deflaters)) {
      crc = crc32Combine(crc, piece.crc32, piece.length);
      size += piece.length;
      yield piece.bytes;
    }
  } finally {
    deflaters.end();
  }
  const trailer = new DataView(new ArrayBuffer(8));
  trailer.setUint32(0, crc, true);
  trailer.setUint32(4, size % 2 ** 32, true);
  yield new Uint8Array(trailer.buffer);
}

/** Cuts the input into chunks of one size: the bytes that come out depend on nothing else. */
async function* chunks(
  input: AsyncIterable<Bytes>,
  deflaters: Deflaters,
): AsyncGenerator<Chunk, void, void> {
  const last = new Uint8Array(dictionarySize);
  let bytes = deflaters.buffer(), before = 0, length = 0;
  for await (const piece of input) {
    for (let at = 0; at < piece.byteLength;) {
      if (length === chunkSize) {
        // Only now it is known not to be the last. The next one begins with its end.
        last.set(bytes.subarray(chunkSize));
        yield { bytes, before, length, final: false };
        bytes = deflaters.buffer();
        bytes.set(last);
        before = dictionarySize;
        length = 0;
      }
      const part = piece.subarray(at, at + chunkSize - length);
      bytes.set(part, dictionarySize + length);
      length += part.byteLength;
      at += part.byteLength;
    }
  }
  yield { bytes, before, length, final: true };
}

/** Gives what is done as soon as it is its turn, and waits for it when there is too much behind. */
async function* inOrder(
  chunks: AsyncIterable<Chunk>,
  deflaters: Deflaters,
): AsyncGenerator<Piece, void, void> {
  const working: { piece: Promise<Piece>; done: boolean }[] = [];
  for await (const chunk of chunks) {
    const work = { piece: deflaters.deflate(chunk), done: false };
    // An error is told when its turn comes.
    work.piece.then(() => work.done = true, () => work.done = true);
    working.push(work);
    // Input and output may both be in memory: threads, timers and signals must get their turn.
    await (deflaters.busy ? turnForThreads() : turn());
    while (working[0]?.done || working.length > deflaters.most) yield await working.shift()!.piece;
  }
  for (const { piece } of working) yield await piece;
}
