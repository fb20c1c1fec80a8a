import type { Lane, LaneChunks } from "../../wasm/lanes.ts";
import type { Thread } from "../../wasm/threads.ts";
import type { Blocks, Request } from "../../wasm/worker.ts";
import type { Bytes } from "../bytes.ts";
import type { FourLanes } from "./shared_lanes.ts";

const lanes: readonly Lane[] = [0, 1, 2, 3];
/** How many bytes of a lane are sent at once. */
const bufferSize = 256 * 1024;
/** How many buffers may be on their way to the thread, or wait there. */
const maxPending = 16;

/** Bytes of a lane that have not been sent. */
interface Pending {
  bytes: Bytes;
  length: number;
  /** Bytes of the message so far. */
  total: number;
}

/** Four messages that a thread hashes. It is sent copies, so that callers keep their buffers. */
export class ThreadLanes implements FourLanes {
  readonly #thread: Thread;
  /** Whether lanes are sent together: those of the core are faster side by side. */
  readonly #together: boolean;
  readonly #pending: readonly Pending[];
  /** The requests that have not been answered; the thread answers in order. */
  readonly #unanswered: Promise<void>[] = [];
  /** How many buffers those requests hold. */
  #sentBuffers = 0;
  readonly #freeBuffers: Bytes[] = [];

  constructor(thread: Thread, hash: "lanes" | "native") {
    this.#thread = thread;
    this.#together = hash === "lanes";
    this.#pending = lanes.map(() => ({ bytes: this.#buffer(), length: 0, total: 0 }));
    this.#call({ work: "begin", hash }, []);
  }

  async update4(chunks: LaneChunks): Promise<void> {
    const at = [0, 0, 0, 0];
    for (let more = true; more;) {
      more = false;
      for (const lane of lanes) {
        const pending = this.#pending[lane]!, chunk = chunks[lane];
        if (!chunk) continue;
        const part = chunk.subarray(at[lane], at[lane]! + bufferSize - pending.length);
        pending.bytes.set(part, pending.length);
        pending.length += part.byteLength;
        pending.total += part.byteLength;
        at[lane]! += part.byteLength;
        more ||= at[lane]! < chunk.byteLength;
      }
      const full = lanes.filter((lane) => this.#pending[lane]!.length === bufferSize);
      if (full.length > 0) this.#send(this.#together ? lanes : full);
      while (this.#sentBuffers > maxPending) await this.#unanswered[0];
    }
  }

  async digest(lane: Lane): Promise<Bytes> {
    this.#send(this.#together ? lanes : [lane]);
    const pending = this.#pending[lane]!;
    const tail = pending.bytes.slice(0, pending.length), length = pending.total;
    pending.length = pending.total = 0;
    const result = await this.#thread.call({ work: "digest", lane, tail, length }, []);
    return result.bytes!;
  }

  /** Sends the whole blocks of 64 bytes that these lanes hold. */
  #send(which: readonly Lane[]): void {
    const blocks: (Blocks | undefined)[] = [];
    for (const lane of which) {
      const pending = this.#pending[lane]!, rest = pending.length % 64, length = pending.length - rest;
      if (length === 0) continue;
      blocks[lane] = { bytes: pending.bytes, length };
      const next = this.#buffer();
      next.set(pending.bytes.subarray(length, pending.length));
      pending.bytes = next;
      pending.length = rest;
    }
    if (blocks.length > 0) {
      this.#call(
        { work: "hash", blocks },
        blocks.flatMap((some) => some ? [some.bytes.buffer] : []),
      );
    }
  }

  #call(request: Request, transfer: readonly ArrayBuffer[]): void {
    this.#sentBuffers += transfer.length;
    const answered = this.#thread.call(request, transfer).then(({ spent = [] }) => {
      void this.#unanswered.shift();
      this.#sentBuffers -= transfer.length;
      this.#freeBuffers.push(...spent);
    });
    answered.catch(() => {}); // Whoever waits for it gets the error.
    this.#unanswered.push(answered);
  }

  #buffer(): Bytes {
    return this.#freeBuffers.pop() ?? new Uint8Array(bufferSize);
  }
}
