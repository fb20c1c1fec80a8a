/**
 * Four sha256 streams hashed at once.
 *
 * @module
 */

import { type Core, type CoreExports, instantiate } from "./core.ts";

const lanes = [0, 1, 2, 3] as const;

/** One of four lanes. */
export type Lane = typeof lanes[number];

/** What each lane gets; a lane that has nothing is left out. */
export type LaneChunks = readonly [Uint8Array?, Uint8Array?, Uint8Array?, Uint8Array?];

/** Options of {@linkcode Lanes}. */
export interface LanesOptions {
  /**
   * From how many lanes with data on the four-lane kernel beats the single-lane kernel run for each; 2 where 128-bit vectors are
   * at home (V8), 3 in JavaScriptCore. Default 2.
   */
  together?: number;
}

/**
 * Four independent sha256 streams. Each lane takes one stream after another: `digest` ends one and begins the next.
 *
 * @example
 * ```ts
 * import { loadCore } from "./core.ts";
 * import { Lanes } from "./lanes.ts";
 *
 * const lanes = new Lanes(await loadCore());
 * lanes.update4([new Uint8Array(100_000), undefined, new Uint8Array(5)]);
 * console.log(lanes.digest(0), lanes.digest(2));
 * ```
 */
export class Lanes {
  #core: CoreExports;
  #memory: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #together: number;
  #input: number; // where lane 0's input lies
  #stride: number;
  #from: [number, number, number, number]; // bytes not hashed yet lie from here
  #to: [number, number, number, number]; // to here
  #length: [number, number, number, number] = [0, 0, 0, 0]; // of the stream so far

  /** Four empty streams in memory of their own. */
  constructor(core: Core, options: LanesOptions = {}) {
    const { exports, memory } = instantiate(core, "SHA_END");
    this.#core = exports;
    this.#memory = memory;
    this.#view = new DataView(memory.buffer);
    this.#together = options.together ?? 2;
    this.#input = Number(exports.SHA_INPUT.value);
    this.#stride = Number(exports.SHA_STRIDE.value);
    this.#from = [this.#start(0), this.#start(1), this.#start(2), this.#start(3)];
    this.#to = [...this.#from];
    for (const lane of lanes) exports.shaReset(lane);
  }

  /** Hashes bytes into one lane. The bytes are copied. */
  update(lane: Lane, bytes: Uint8Array): void {
    const chunks: [Uint8Array?, Uint8Array?, Uint8Array?, Uint8Array?] = [];
    chunks[lane] = bytes;
    this.update4(chunks);
  }

  /**
   * Hashes bytes into several lanes: as far as two or more have blocks at once, at the speed of four, and what one lane has more than
   * the others alone. Everything given is taken when it returns; chunks of the same length go fastest. The bytes are copied.
   */
  update4(chunks: LaneChunks): void {
    const at: [number, number, number, number] = [0, 0, 0, 0];
    for (const lane of lanes) this.#length[lane] += chunks[lane]?.byteLength ?? 0;
    for (;;) {
      let ready = 0, count = 0, blocks = Infinity;
      for (const lane of lanes) {
        let held = this.#to[lane] - this.#from[lane];
        const chunk = chunks[lane];
        if (held < 64 && chunk && at[lane] < chunk.byteLength) {
          at[lane] += this.#stage(lane, chunk, at[lane]);
          held = this.#to[lane] - this.#from[lane];
        }
        if (held < 64) continue;
        ready |= 1 << lane;
        count++;
        blocks = Math.min(blocks, held >> 6);
      }
      if (count === 0) return;
      this.#hash(ready, count, blocks);
    }
  }

  /** Ends a lane's stream: its sha256, 32 bytes. The lane is ready for another stream. */
  digest(lane: Lane): Uint8Array<ArrayBuffer> {
    const memory = this.#memory, core = this.#core;
    // 5.1.1: a one bit, zeros, and the length in bits at the end of a block. There is always a block of room.
    const start = this.#start(lane);
    memory.copyWithin(start, this.#from[lane], this.#to[lane]);
    const tail = start + this.#to[lane] - this.#from[lane];
    const end = start + (tail - start < 56 ? 64 : 128);
    memory.fill(0, tail, end);
    memory[tail] = 0x80;
    this.#view.setBigUint64(end - 8, BigInt(this.#length[lane]) * 8n);
    core.shaBlocks(lane, start, (end - start) >> 6);
    const digest = new Uint8Array(32);
    const state = Number(core.SHA_STATE.value) + lane * 4;
    const view = new DataView(digest.buffer);
    for (let word = 0; word < 8; word++) {
      view.setUint32(word * 4, this.#view.getUint32(state + word * 16, true));
    }
    this.reset(lane);
    return digest;
  }

  /** Gives a lane's stream up and begins another. */
  reset(lane: Lane): void {
    this.#from[lane] = this.#to[lane] = this.#start(lane);
    this.#length[lane] = 0;
    this.#core.shaReset(lane);
  }

  #start(lane: Lane): number {
    return this.#input + lane * this.#stride;
  }

  /** Copies what fits of a chunk behind the less than 64 bytes that a lane still holds; gives how much. */
  #stage(lane: Lane, chunk: Uint8Array, at: number): number {
    const start = this.#start(lane), held = this.#to[lane] - this.#from[lane];
    if (held > 0) this.#memory.copyWithin(start, this.#from[lane], this.#to[lane]);
    const length = Math.min(chunk.byteLength - at, this.#stride - held);
    this.#memory.set(chunk.subarray(at, at + length), start + held);
    this.#from[lane] = start;
    this.#to[lane] = start + held + length;
    return length;
  }

  #hash(ready: number, count: number, blocks: number): void {
    if (count >= this.#together && this.#core.shaBlocks4) {
      // A lane that does not take part reads along with one that does: its own input may be too short.
      const some = this.#from[31 - Math.clz32(ready)]!;
      const at = (lane: Lane) => ready & (1 << lane) ? this.#from[lane] : some;
      this.#core.shaBlocks4(at(0), at(1), at(2), at(3), blocks, ready);
    } else {
      for (const lane of lanes) if (ready & (1 << lane)) this.#core.shaBlocks(lane, this.#from[lane], blocks);
    }
    for (const lane of lanes) if (ready & (1 << lane)) this.#from[lane] += blocks * 64;
  }
}
