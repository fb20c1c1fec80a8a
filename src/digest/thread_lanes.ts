import type { Lane, LaneChunks } from "../../wasm/lanes.ts";
import type { Thread } from "../../wasm/threads.ts";
import type { Blocks, Request } from "../../wasm/worker.ts";
import type { Bytes } from "../bytes.ts";
import type { FourLanes } from "./shared_lanes.ts";

const lanes: readonly Lane[] = [0, 1, 2, 3];
/** What is sent of a lane at once. */
const most = 256 * 1024;
/** How many buffers the thread may have in front of it. */
const ahead = 16;

/** What a lane has that was not sent yet. */
interface Held {
  bytes: Bytes;
  length: number;
  /** Of the message so far. */
  total: number;
}

/** Four messages that a thread hashes. It gets copies. */
export class ThreadLanes implements FourLanes {
  readonly #thread: Thread;
  readonly #together: boolean;
  readonly #held: readonly Held[];
  readonly #sent: Promise<void>[] = [];
  #ahead = 0;
  readonly #spare: Bytes[] = [];

  constructor(thread: Thread, hash: "lanes" | "native") {
    this.#thread = thread;
    // Lanes of the core are faster side by side.
    this.#together = hash === "lanes";
    this.#held = lanes.map(() => ({ bytes: this.#buffer(), length: 0, total: 0 }));
    this.#call({ work: "begin", hash }, []);
  }

  async update4(chunks: LaneChunks): Promise<void> {
    const at = [0, 0, 0, 0];
    for (let more = true; more;) {
      more = false;
      for (const lane of lanes) {
        const held = this.#held[lane]!, chunk = chunks[lane];
        if (!chunk) continue;
        const part = chunk.subarray(at[lane], at[lane]! + most - held.length);
        held.bytes.set(part, held.length);
        held.length += part.byteLength;
        held.total += part.byteLength;
        at[lane]! += part.byteLength;
        more ||= at[lane]! < chunk.byteLength;
      }
      const full = lanes.filter((lane) => this.#held[lane]!.length === most);
      if (full.length > 0) this.#send(this.#together ? lanes : full);
      while (this.#ahead > ahead) await this.#sent[0];
    }
  }

  async digest(lane: Lane): Promise<Bytes> {
    this.#send(this.#together ? lanes : [lane]);
    const held = this.#held[lane]!;
    const tail = held.bytes.slice(0, held.length), length = held.total;
    held.length = held.total = 0;
    const result = await this.#thread.call({ work: "digest", lane, tail, length }, []);
    return result.bytes!;
  }

  /** Sends the whole blocks that these lanes hold. */
  #send(which: readonly Lane[]): void {
    const blocks: (Blocks | undefined)[] = [];
    for (const lane of which) {
      const held = this.#held[lane]!, rest = held.length % 64, length = held.length - rest;
      if (length === 0) continue;
      blocks[lane] = { bytes: held.bytes, length };
      const next = this.#buffer();
      next.set(held.bytes.subarray(length, held.length));
      held.bytes = next;
      held.length = rest;
    }
    if (blocks.length > 0) {
      this.#call(
        { work: "hash", blocks },
        blocks.flatMap((some) => some ? [some.bytes.buffer] : []),
      );
    }
  }

  #call(request: Request, transfer: readonly ArrayBuffer[]): void {
    this.#ahead += transfer.length;
    const sent = this.#thread.call(request, transfer).then(({ spent = [] }) => {
      void this.#sent.shift(); // It answers in order.
      this.#ahead -= transfer.length;
      this.#spare.push(...spent);
    });
    sent.catch(() => {}); // It is told when it is waited for.
    this.#sent.push(sent);
  }

  #buffer(): Bytes {
    return this.#spare.pop() ?? new Uint8Array(most);
  }
}
