import type { Lane } from "../../wasm/lanes.ts";
import type { Thread } from "../../wasm/threads.ts";
import type { FourLanes } from "./berths.ts";

const lanes: readonly Lane[] = [0, 1, 2, 3];
/** What is sent of a lane at once. */
const most = 256 * 1024;
/** How much the thread may have in front of it. */
const ahead = 4;

/** Four messages that a thread hashes. It gets copies. */
export class ThreadLanes implements FourLanes {
  readonly #thread: Thread;
  readonly #together: boolean;
  readonly #held = lanes.map(() => ({ bytes: new Uint8Array(most), length: 0, total: 0 }));
  readonly #sent: Promise<unknown>[] = [];

  /** `together`: what lanes hold is best sent at once. */
  constructor(thread: Thread, together: boolean) {
    this.#thread = thread;
    this.#together = together;
  }

  async update(chunks: readonly [Uint8Array?, Uint8Array?, Uint8Array?, Uint8Array?]): Promise<void> {
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
      if (full.length > 0) await this.#send(this.#together ? lanes : full);
    }
  }

  async digest(lane: Lane): Promise<Uint8Array<ArrayBuffer>> {
    await this.#send(this.#together ? lanes : [lane]);
    const held = this.#held[lane]!;
    const tail = held.bytes.slice(0, held.length), length = held.total;
    held.length = held.total = 0;
    const result = await this.#thread.call({ work: "digest", lane, tail, length }, []);
    return result!.bytes;
  }

  /** Sends the whole blocks that these lanes hold. */
  async #send(which: readonly Lane[]): Promise<void> {
    const blocks: (Uint8Array<ArrayBuffer> | undefined)[] = [];
    for (const lane of which) {
      const held = this.#held[lane]!, rest = held.length % 64;
      if (held.length < 64) continue;
      const whole = held.bytes.subarray(0, held.length - rest);
      const next = new Uint8Array(most);
      next.set(held.bytes.subarray(held.length - rest, held.length));
      blocks[lane] = whole;
      held.bytes = next;
      held.length = rest;
    }
    if (blocks.length === 0) return;
    const sent = this.#thread.call(
      { work: "hash", blocks },
      blocks.flatMap((block) => block ? [block.buffer] : []),
    );
    sent.catch(() => {}); // It is told when it is waited for.
    this.#sent.push(sent);
    while (this.#sent.length > ahead) await this.#sent.shift();
  }
}
