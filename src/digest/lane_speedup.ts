import { loadCore } from "../../wasm/core.ts";
import { Lanes } from "../../wasm/lanes.ts";
import { yieldToEventLoop } from "../event_loop.ts";
import type { StreamEngine } from "./engine.ts";

/** Bytes of each lane in a round of the measurement. */
const sampleSize = 64 * 1024;
/** The best of several rounds counts: engines first interpret code, and compile meanwhile what runs often. */
const rounds = 10;

/** A hash that does as many bytes in a millisecond has SHA extensions: no lanes come near, and need not be compiled. */
const outOfReach = 1_200_000;

/** What was measured, by the engine that the lanes were compared with. */
const measured = new Map<string, Promise<number>>();

/**
 * How many times as fast four lanes of the core are as an engine of the runtime. That depends on the processor: one with
 * SHA extensions wins by far. It is measured once, in some milliseconds. The answer is 0 where there is no core, or
 * where it has no SIMD, so that its lanes run one after the other.
 */
export function laneSpeedup(native: StreamEngine): Promise<number> {
  let speedup = measured.get(native.name);
  if (!speedup) {
    speedup = measure(native).catch(() => 0);
    measured.set(native.name, speedup);
  }
  return speedup;
}

async function measure(native: StreamEngine): Promise<number> {
  const bytes = new Uint8Array(sampleSize);
  const hasher = await native.create("sha256");
  let nativeTime = Infinity, lanesTime = Infinity;
  const timeNative = async () => {
    const start = performance.now();
    for (let lane = 0; lane < 4; lane++) await hasher.update(bytes);
    nativeTime = Math.min(nativeTime, performance.now() - start);
  };
  for (let round = 0; round < rounds; round++) await timeNative();
  if (4 * sampleSize / nativeTime > outOfReach) return 0;
  const core = await loadCore();
  if (!core.simd) return 0;
  const lanes = new Lanes(core);
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    lanes.update4([bytes, bytes, bytes, bytes]);
    lanesTime = Math.min(lanesTime, performance.now() - start);
    await timeNative();
    await yieldToEventLoop();
  }
  return nativeTime / lanesTime;
}
