import type { Core } from "../../wasm/core.ts";
import { CHUNK_SIZE, Deflater, DICTIONARY_SIZE, type Level } from "../../wasm/deflater.ts";
import { Thread } from "../../wasm/threads.ts";
import type { Bytes } from "../bytes.ts";

/** A chunk of input in a buffer of the pool. The buffer begins with 32 KiB for the input before the chunk. */
export interface Chunk {
  bytes: Bytes;
  /** How many bytes of the input before it are there. */
  before: number;
  /** How many bytes the chunk has. */
  length: number;
  /** Whether it is the last. */
  final: boolean;
}

/** A compressed chunk. */
export interface Piece {
  bytes: Bytes;
  /** CRC-32 of the chunk's input. */
  crc32: number;
  /** How many bytes of input it holds. */
  length: number;
}

/** How many chunks a thread may have waiting, so that it never runs out of work. */
const maxQueued = 3;
/** How many deflaters of this thread are kept for the next stream: to make one takes longer than a small layer. */
const maxIdle = 2;
const idle = new WeakMap<WebAssembly.Module, Deflater[]>();

/** Compresses chunks: in worker threads as far as they have started and are not busy, else in this thread. */
export class DeflatePool {
  readonly #core: Core;
  readonly #level: Level;
  readonly #workerCount: number;
  #threads: Thread[] | undefined;
  readonly #ready: Thread[] = [];
  readonly #freeBuffers: Bytes[] = [];
  readonly #local: Deflater;

  /** A pool of so many workers, this thread among them. Threads start with the first chunk that is not the last. */
  constructor(core: Core, level: Level, workerCount: number) {
    this.#core = core;
    this.#level = level;
    this.#workerCount = workerCount;
    this.#local = idle.get(core.module)?.pop() ?? new Deflater(core);
  }

  /** How many chunks may be in work: enough that no thread has to wait for the one whose output is next. */
  get maxPending(): number {
    return this.#ready.length * 2 * maxQueued;
  }

  /** Whether threads are at work. */
  get busy(): boolean {
    return this.#ready.some(({ calls }) => calls > 0);
  }

  /** A buffer for the next chunk. Which one it is decides who compresses it: a thread that has little to do, or this one. */
  buffer(): Bytes {
    if (!this.#idlestThread) return this.#local.input;
    return this.#freeBuffers.pop() ?? new Uint8Array(DICTIONARY_SIZE + CHUNK_SIZE);
  }

  /** Compresses a chunk; its buffer belongs to the pool again. */
  deflate(chunk: Chunk): Promise<Piece> {
    // A single chunk is not worth a thread.
    if (!chunk.final) this.#threads ??= this.#startThreads();
    return chunk.bytes === this.#local.input ? this.#deflateHere(chunk) : this.#deflateInThread(chunk);
  }

  /** Gives up the threads. */
  end(): void {
    for (const thread of this.#threads ?? []) thread.end();
    const others = idle.get(this.#core.module) ?? [];
    if (others.length < maxIdle) idle.set(this.#core.module, [...others, this.#local]);
  }

  /** The thread with the fewest chunks waiting, if it can take one more. */
  get #idlestThread(): Thread | undefined {
    const [thread] = this.#ready.toSorted((a, b) => a.calls - b.calls);
    return thread && thread.calls < maxQueued ? thread : undefined;
  }

  #startThreads(): Thread[] {
    const threads = Array.from({ length: this.#workerCount - 1 }, () => new Thread(this.#core));
    for (const thread of threads) void thread.ready.then((ready) => ready && this.#ready.push(thread));
    return threads;
  }

  async #deflateInThread({ bytes, before, length, final }: Chunk): Promise<Piece> {
    const request = { work: "deflate", bytes, before, length, level: this.#level, final } as const;
    const result = await this.#idlestThread!.call(request, [bytes.buffer]);
    this.#freeBuffers.push(...result.spent!);
    return { bytes: result.bytes!, crc32: result.crc32!, length };
  }

  // deno-lint-ignore require-await -- async so that errors reject, as those of threads do
  async #deflateHere({ before, length, final }: Chunk): Promise<Piece> {
    return { ...this.#local.deflateInput(length, { level: this.#level, before, final }), length };
  }
}
