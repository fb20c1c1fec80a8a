import type { Core } from "../../wasm/core.ts";
import { Thread } from "../../wasm/threads.ts";
import type { Result } from "../../wasm/worker.ts";
import type { Bytes } from "../bytes.ts";
import { larger } from "./larger.ts";
import { lend } from "../lent.ts";

/** Bytes of input that are sent at once, or more. */
const sentAtOnce = 256 * 1024;
/** Bytes of input that the thread has before it has to wait for more. */
const waitingInput = 1024 * 1024;
/** How many pieces it makes before they are asked for. */
const piecesAhead = 6;

/** gunzip by a thread, which has some input and makes some output before it is wanted. */
export class ThreadGunzip {
  readonly #thread: Thread;
  /** Memory of pieces that have come back. */
  #spare: ArrayBuffer[] = [];
  /** Settles when the thread has hashed all that comes out. */
  readonly #sha256: Promise<Bytes>;
  #hashed!: (sha256: Bytes) => void;
  #failed!: (error: Error) => void;

  private constructor(thread: Thread) {
    this.#thread = thread;
    this.#sha256 = new Promise((...settle) => [this.#hashed, this.#failed] = settle);
    this.#sha256.catch(() => {});
  }

  /** Starts a thread, if this runtime has them. `onHash` is told of the sha256 if the thread can hash. */
  static async start(
    core: Core,
    onHash: ((sha256: Promise<Bytes>) => void) | undefined,
  ): Promise<ThreadGunzip | undefined> {
    const thread = new Thread(core);
    if (!await thread.ready) return undefined;
    const gunzip = new ThreadGunzip(thread);
    const { hashes } = await thread.call({ work: "gunzip", hash: onHash !== undefined }, []);
    if (hashes) onHash?.(gunzip.#sha256);
    return gunzip;
  }

  /** Decompresses all of a stream. */
  async *run(input: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void, void> {
    const inputs: ArrayBuffer[] = []; // that have come back
    const sent = larger(input, sentAtOnce, inputs);
    const pending: Promise<Result>[] = [];
    let waiting = 0, given = 0, last = false;
    try {
      for (;;) {
        while (pending.length < piecesAhead) {
          let bytes: Bytes | undefined;
          if (!last && waiting < waitingInput) {
            const next = await sent.next();
            last = next.done === true;
            bytes = next.value ?? undefined;
            given += bytes?.byteLength ?? 0;
            waiting += bytes?.byteLength ?? 0;
          }
          const spare = this.#spare;
          this.#spare = [];
          const piece = this.#thread.call(
            { work: "take", bytes, last, spare },
            bytes ? [bytes.buffer, ...spare] : spare,
          );
          piece.catch(() => {}); // it is awaited in its turn
          pending.push(piece);
        }
        const { bytes, used, ended, sha256, spent = [] } = await pending.shift()!;
        inputs.push(...spent.map(({ buffer }) => buffer));
        waiting = given - used!;
        if (sha256) this.#hashed(sha256);
        if (bytes) yield lend(bytes, (memory) => void this.#spare.push(memory));
        if (ended) return void await Promise.all(pending);
      }
    } finally {
      this.#failed(new Error("the stream was left before its end"));
      this.#thread.end();
      await sent.return();
    }
  }
}
