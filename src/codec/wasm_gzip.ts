import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import type { Core } from "../../wasm/core.ts";
import { crc32Combine } from "../../wasm/crc32.ts";
import {
  CHUNK_SIZE,
  type DeflatedChunk,
  Deflater,
  DICTIONARY_SIZE,
  type Level,
} from "../../wasm/deflater.ts";
import { turn } from "../../wasm/turn.ts";
import { startThread, type Thread, threadCount } from "../../wasm/threads.ts";
import type { CodecEngine, Job } from "./engine.ts";

/** The core's own: the same bytes everywhere, whoever compresses and however many. */
export function wasmGzip(load: () => Promise<Core>): CodecEngine {
  return {
    name: "wasm",
    work: "gzip",
    available: () => typeof WebAssembly === "object",
    run(input, { level = 6, workers }: Job) {
      if (level !== 1 && level !== 6 && level !== 9) {
        throw new GantryError("unsupported", `gzip: level ${level} is not one of 1, 6 and 9`);
      }
      return gzip(input, level, new Deflaters(load, level, threadCount("gzip", workers)));
    },
  };
}

/** Input of the core: a chunk behind what came before it, in memory of its own. */
interface Chunk {
  bytes: Bytes;
  before: number;
  final: boolean;
}

async function* gzip(
  input: AsyncIterable<Bytes>,
  level: Level,
  deflaters: Deflaters,
): AsyncGenerator<Bytes, void, void> {
  // https://www.rfc-editor.org/rfc/rfc1952#section-2.3: no time, no name; what XFL says of the level, an unknown system.
  yield Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, level === 9 ? 2 : level === 1 ? 4 : 0, 255);
  let crc = 0, length = 0;
  try {
    for await (const { deflated, size } of inOrder(chunks(input), deflaters)) {
      crc = crc32Combine(crc, deflated.crc32, size);
      length += size;
      yield deflated.bytes;
    }
  } finally {
    deflaters.end();
  }
  const trailer = new DataView(new ArrayBuffer(8));
  trailer.setUint32(0, crc, true);
  trailer.setUint32(4, length % 2 ** 32, true);
  yield new Uint8Array(trailer.buffer);
}

/** Cuts the input into chunks of one size: the bytes that come out depend on nothing else. */
async function* chunks(input: AsyncIterable<Bytes>): AsyncGenerator<Chunk, void, void> {
  let bytes: Bytes = new Uint8Array(CHUNK_SIZE), before = 0, filled = 0;
  for await (const piece of input) {
    for (let at = 0; at < piece.byteLength;) {
      if (filled === bytes.byteLength) {
        // Only now it is known not to be the last.
        const last = bytes.slice(filled - DICTIONARY_SIZE);
        yield { bytes, before, final: false };
        bytes = new Uint8Array(DICTIONARY_SIZE + CHUNK_SIZE);
        bytes.set(last);
        before = filled = DICTIONARY_SIZE;
      }
      const part = piece.subarray(at, at + bytes.byteLength - filled);
      bytes.set(part, filled);
      filled += part.byteLength;
      at += part.byteLength;
    }
  }
  yield { bytes: bytes.slice(0, filled), before, final: true };
}

/** Has as many chunks in work as there are hands, and no more until the first of them has been taken. */
async function* inOrder(
  chunks: AsyncIterable<Chunk>,
  deflaters: Deflaters,
): AsyncGenerator<{ deflated: DeflatedChunk; size: number }, void, void> {
  const working: Promise<{ deflated: DeflatedChunk; size: number }>[] = [];
  for await (const chunk of chunks) {
    const size = chunk.bytes.byteLength - chunk.before;
    const work = deflaters.deflate(chunk).then((deflated) => ({ deflated, size }));
    work.catch(() => {}); // It is told when its turn comes.
    working.push(work);
    while (working.length >= deflaters.hands) yield await working.shift()!;
  }
  for (const work of working) yield await work;
}

/** Compresses in threads, and here as long as none is ready. */
class Deflaters {
  readonly #load: () => Promise<Core>;
  readonly #level: Level;
  readonly #wanted: number;
  readonly #ready: Thread[] = [];
  #started: Thread[] = [];
  #own: Deflater | undefined;

  constructor(load: () => Promise<Core>, level: Level, threads: number) {
    this.#load = load;
    this.#level = level;
    this.#wanted = threads;
  }

  /** How many chunks can be worked on: two a thread, so that none waits for its next. */
  get hands(): number {
    return Math.max(1, 2 * this.#ready.length);
  }

  async deflate({ bytes, before, final }: Chunk): Promise<DeflatedChunk> {
    const level = this.#level;
    const [thread] = this.#ready.toSorted((a, b) => a.calls - b.calls);
    if (thread) {
      return (await thread.call({ work: "deflate", bytes, before, level, final }, [bytes.buffer]))!;
    }
    const core = await this.#load();
    // One chunk alone is not worth a thread.
    if (!final) this.#start(core);
    this.#own ??= new Deflater(core);
    const dictionary = before > 0 ? bytes.subarray(0, before) : undefined;
    const deflated = this.#own.deflate(bytes.subarray(before), { level, dictionary, final });
    // Input and output may both be in memory: threads, timers and signals must get their turn.
    await turn();
    return deflated;
  }

  end(): void {
    for (const thread of this.#started) thread.end();
  }

  #start(core: Core): void {
    while (this.#started.length < this.#wanted) {
      const thread = startThread(core);
      this.#started.push(thread);
      void thread.ready.then((ready) => ready && this.#ready.push(thread));
    }
  }
}
