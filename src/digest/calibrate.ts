import { type Core, loadCore } from "../../wasm/core.ts";
import { Lanes } from "../../wasm/lanes.ts";
import type { HashEngine, Hasher } from "./engine.ts";
import { turn } from "../../wasm/turn.ts";

/** What was found out, by the engine it was compared with. */
const found = new Map<string, Promise<Core | undefined>>();

/**
 * The core, if four of its lanes are faster than the runtime's own hash here. That depends on the processor: one that has
 * SHA extensions wins by far. Measured once, in some milliseconds.
 */
export function calibrated(
  native: HashEngine & Required<Pick<HashEngine, "create">>,
): Promise<Core | undefined> {
  let measured = found.get(native.name);
  if (!measured) found.set(native.name, measured = measure(native).catch(() => undefined));
  return measured;
}

async function measure(
  native: HashEngine & Required<Pick<HashEngine, "create">>,
): Promise<Core | undefined> {
  const core = await loadCore();
  if (!core.simd) return undefined;
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
  return ours < theirs ? core : undefined;
}
