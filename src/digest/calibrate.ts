import { type Core, loadCore } from "../../wasm/core.ts";
import { Lanes } from "../../wasm/lanes.ts";
import type { Hasher, StreamEngine } from "./engine.ts";
import { turn } from "../../wasm/turn.ts";

/** What was found out, by the engine it was compared with. */
const found = new Map<string, Promise<number>>();

/**
 * How many times as fast four lanes of the core are as the runtime's own hash. That depends on the processor: one that has
 * SHA extensions wins by far. Measured once, in some milliseconds; 0 where there is no core or its lanes run one by one.
 */
export function lanesTo(native: StreamEngine): Promise<number> {
  let measured = found.get(native.name);
  if (!measured) {
    found.set(
      native.name,
      measured = loadCore().then((core) => measure(core, native)).catch(() => 0),
    );
  }
  return measured;
}

async function measure(core: Core, native: StreamEngine): Promise<number> {
  if (!core.simd) return 0;
  const bytes = new Uint8Array(64 * 1024);
  const lanes = new Lanes(core);
  const hasher: Hasher = await native.create("sha256");
  let ours = Infinity, theirs = Infinity;
  // The best of several, as engines compile what runs often once more; they do so meanwhile.
  for (let round = 0; round < 10; round++) {
    const start = performance.now();
    lanes.update4([bytes, bytes, bytes, bytes]);
    const middle = performance.now();
    for (let lane = 0; lane < 4; lane++) await hasher.update(bytes);
    ours = Math.min(ours, middle - start);
    theirs = Math.min(theirs, performance.now() - middle);
    await turn();
  }
  return theirs / ours;
}
