import type { Bytes } from "../bytes.ts";
import type { Core } from "../../wasm/core.ts";
import {
  CHUNK_SIZE as chunkSize,
  Deflater,
  DICTIONARY_SIZE as dictionarySize,
  type Level,
} from "../../wasm/deflater.ts";
import { Thread } from "../../wasm/threads.ts";

export { chunkSize, dictionarySize };

/** Input of the core: a chunk in a buffer of {@link Deflaters}, behind the place for what came before it. */
export interface Chunk {
  bytes: Bytes;
  /** How much came before it. */
  before: number;
  length: number;
  final: boolean;
}

/** A chunk compressed. */
export interface Piece {
  bytes: Bytes;
  /** Of the chunk, as its length. */
  crc32: number;
  length: number;
}

/** What a thread may have in front of it, so that it never waits for its next. */
const ahead = 3;
/** How many deflaters of this thread wait for the next stream, as a new one takes longer than a small layer. */
const mostIdle = 2;
const idle = new WeakMap<WebAssembly.Module, Deflater[]>();

/** Compress chunks: threads as far as they are ready and have little in front of them, this one what is left. */
export class Deflaters {
  readonly #core: Core;
  readonly #level: Level;
  readonly #hands: number;
  #threads: Thread[] | undefined;
  readonly #ready: Thread[] = [];
  readonly #spare: Bytes[] = [];
  readonly #own: Deflater;

  constructor(core: Core, level: Level, hands: number) {
    this.#core = core;
    this.#level = level;
    this.#hands = hands;
    this.#own = idle.get(core.module)?.pop() ?? new Deflater(core);
  }

  /** How many chunks may be on their way: enough that nobody waits for the one whose turn it is. */
  get most(): number {
    return this.#ready.length * 2 * ahead;
  }

  /** Whether threads are at work. */
  get busy(): boolean {
    return this.#ready.some(({ calls }) => calls > 0);
  }

  /** A buffer for the next chunk: of a thread that has little in front of it, or else the place of this one. */
  buffer(): Bytes {
    if (!this.#idlest) return this.#own.place;
    return this.#spare.pop() ?? new Uint8Array(dictionarySize + chunkSize);
  }

  /** Takes a chunk and its buffer. */
  deflate(chunk: Chunk): Promise<Piece> {
    // One chunk alone is not worth a thread.
    if (!chunk.final) this.#threads ??= this.#start();
    return chunk.bytes === this.#own.place ? this.#here(chunk) : this.#there(chunk);
  }

  end(): void {
    for (const thread of this.#threads ?? []) thread.end();
    const others = idle.get(this.#core.module) ?? [];
    if (others.length < mostIdle) idle.set(this.#core.module, [...others, this.#own]);
  }

  /** The thread with the least in front of it, if that is little. */
  get #idlest(): Thread | undefined {
    const [thread] = this.#ready.toSorted((a, b) => a.calls - b.calls);
    return thread && thread.calls < ahead ? thread : undefined;
  }

  #start(): Thread[] {
    const threads = Array.from({ length: this.#hands - 1 }, () => new Thread(this.#core));
    for (const thread of threads) void thread.ready.then((ready) => ready && this.#ready.push(thread));
    return threads;
  }

  async #there({ bytes, before, length, final }: Chunk): Promise<Piece> {
    const request = { work: "deflate", bytes, before, length, level: this.#level, final } as const;
    const result = await this.#idlest!.call(request, [bytes.buffer]);
    this.#spare.push(...result.spent!);
    return { bytes: result.bytes!, crc32: result.crc32!, length };
  }

  // deno-lint-ignore require-await -- what is wrong is told as by the other
  async #here({ before, length, final }: Chunk): Promise<Piece> {
    return { ...this.#own.deflatePlaced(length, { level: this.#level, before, final }), length };
  }
}
