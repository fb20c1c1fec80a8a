import type { Lane, LaneChunks } from "../../wasm/lanes.ts";
import type { Bytes } from "../bytes.ts";
import { turn } from "../../wasm/turn.ts";
import type { Pace } from "./pace.ts";

/** Four messages that are hashed side by side. */
export interface FourLanes {
  /** Takes as many bytes in each lane that has some. */
  update4(chunks: LaneChunks): void | Promise<void>;
  /** Ends a lane's message; its sha256. */
  digest(lane: Lane): Bytes | Promise<Bytes>;
}

const lanes: readonly Lane[] = [0, 1, 2, 3];

interface Waiting {
  bytes: Uint8Array;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Brings together what four streams bring on their own: hashes as soon as all those are there that were there the last
 * time, and without the missing ones after one turn. So a stream that stalls is waited for once.
 */
export class SharedLanes {
  readonly #four: FourLanes;
  readonly #pace: Pace;
  readonly #waiting: (Waiting | undefined)[] = [undefined, undefined, undefined, undefined];
  readonly #expected = new Set<Lane>();
  #running = false;
  #rounds = 0;

  constructor(four: FourLanes, pace: Pace) {
    this.#four = four;
    this.#pace = pace;
  }

  /** Hashes bytes; they may be changed again once the promise is fulfilled. */
  async update(lane: Lane, bytes: Uint8Array): Promise<void> {
    if (bytes.byteLength === 0) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiting[lane] = { bytes, resolve, reject };
      this.#go();
    });
  }

  /** Ends the lane's message. */
  digest(lane: Lane): Bytes | Promise<Bytes> {
    this.#expected.delete(lane);
    return this.#four.digest(lane);
  }

  /** Gives the lane's message up; what waits is never hashed. */
  leave(lane: Lane): void {
    this.#expected.delete(lane);
    if (this.#waiting[lane]) this.#take(lane).reject(new Error("the hash was given up"));
  }

  #go(): void {
    if (this.#running || this.#waiting.every((one) => !one)) return;
    if (!this.#missing()) return void this.#run();
    const round = this.#rounds;
    void turn().then(() => {
      if (!this.#running && round === this.#rounds) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    do {
      this.#rounds++;
      await this.#pace();
      await this.#step();
    } while (this.#waiting.some((one) => one) && !this.#missing());
    this.#running = false;
    this.#go();
  }

  #missing(): boolean {
    return [...this.#expected].some((lane) => !this.#waiting[lane]);
  }

  /** Hashes as much in each lane as the one with the least has. */
  async #step(): Promise<void> {
    const present = lanes.filter((lane) => this.#waiting[lane]);
    const length = Math.min(...present.map((lane) => this.#waiting[lane]!.bytes.byteLength));
    const chunks: [Uint8Array?, Uint8Array?, Uint8Array?, Uint8Array?] = [];
    for (const lane of present) chunks[lane] = this.#waiting[lane]!.bytes.subarray(0, length);
    this.#expected.clear();
    for (const lane of present) this.#expected.add(lane);
    try {
      await this.#four.update4(chunks);
    } catch (error) {
      for (const lane of present) this.#take(lane).reject(error);
      return;
    }
    for (const lane of present) {
      const one = this.#waiting[lane]!;
      one.bytes = one.bytes.subarray(length);
      if (one.bytes.byteLength === 0) this.#take(lane).resolve();
    }
  }

  #take(lane: Lane): Waiting {
    const one = this.#waiting[lane]!;
    this.#waiting[lane] = undefined;
    return one;
  }
}
