import type { Lane, LaneChunks } from "../../wasm/lanes.ts";
import type { Bytes } from "../bytes.ts";
import { type PeriodicYield, yieldToEventLoop } from "../event_loop.ts";

/** Four messages that are hashed side by side. */
export interface FourLanes {
  /** Hashes bytes into each lane that has some. */
  update4(chunks: LaneChunks): void | Promise<void>;
  /** Ends a lane's message; its sha256. */
  digest(lane: Lane): Bytes | Promise<Bytes>;
}

const lanes: readonly Lane[] = [0, 1, 2, 3];

/** An update that has not been hashed. */
interface Update {
  bytes: Uint8Array;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Brings together the bytes of four streams that know nothing of each other, so that they are hashed side by side. It
 * hashes as soon as every lane that took part in the last step has brought more. If one is missing it yields to the event
 * loop once and then goes on without it: a stream that stalls is waited for once.
 */
export class SharedLanes {
  readonly #four: FourLanes;
  readonly #yieldNow: PeriodicYield;
  readonly #updates: (Update | undefined)[] = [undefined, undefined, undefined, undefined];
  /** The lanes that took part in the last step. */
  readonly #expected = new Set<Lane>();
  #running = false;
  #steps = 0;

  constructor(four: FourLanes, yieldNow: PeriodicYield) {
    this.#four = four;
    this.#yieldNow = yieldNow;
  }

  /** Hashes bytes; they may be changed again once the promise is fulfilled. */
  async update(lane: Lane, bytes: Uint8Array): Promise<void> {
    if (bytes.byteLength === 0) return;
    await new Promise<void>((resolve, reject) => {
      this.#updates[lane] = { bytes, resolve, reject };
      this.#schedule();
    });
  }

  /** Ends the lane's message. */
  digest(lane: Lane): Bytes | Promise<Bytes> {
    this.#expected.delete(lane);
    return this.#four.digest(lane);
  }

  /** Gives up the lane's message; an update that waits is never hashed. */
  leave(lane: Lane): void {
    this.#expected.delete(lane);
    if (this.#updates[lane]) this.#take(lane).reject(new Error("the hash was given up"));
  }

  /** Runs now if all expected lanes are there, else after one run of the event loop, unless others have run it by then. */
  #schedule(): void {
    if (this.#running || this.#updates.every((update) => !update)) return;
    if (!this.#isMissing()) return void this.#run();
    const steps = this.#steps;
    void yieldToEventLoop().then(() => {
      if (!this.#running && steps === this.#steps) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    do {
      this.#steps++;
      await this.#yieldNow();
      await this.#step();
    } while (this.#updates.some((update) => update) && !this.#isMissing());
    this.#running = false;
    this.#schedule();
  }

  /** Whether a lane of the last step has brought nothing. */
  #isMissing(): boolean {
    return [...this.#expected].some((lane) => !this.#updates[lane]);
  }

  /** Hashes as much in each lane as the one with the least has. */
  async #step(): Promise<void> {
    const present = lanes.filter((lane) => this.#updates[lane]);
    const updates = present.map((lane) => this.#updates[lane]!);
    const length = Math.min(...updates.map(({ bytes }) => bytes.byteLength));
    const chunks: [Uint8Array?, Uint8Array?, Uint8Array?, Uint8Array?] = [];
    for (const lane of present) chunks[lane] = this.#updates[lane]!.bytes.subarray(0, length);
    this.#expected.clear();
    for (const lane of present) this.#expected.add(lane);
    let failure: { error: unknown } | undefined;
    try {
      await this.#four.update4(chunks);
    } catch (error) {
      failure = { error };
    }
    for (const [i, lane] of present.entries()) {
      const update = updates[i]!;
      if (this.#updates[lane] !== update) continue; // It was given up meanwhile, and another may have the lane.
      update.bytes = update.bytes.subarray(length);
      if (failure) this.#take(lane).reject(failure.error);
      else if (update.bytes.byteLength === 0) this.#take(lane).resolve();
    }
  }

  #take(lane: Lane): Update {
    const update = this.#updates[lane]!;
    this.#updates[lane] = undefined;
    return update;
  }
}
