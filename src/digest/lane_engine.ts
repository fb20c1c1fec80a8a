import { coreAvailable, loadCore } from "../../wasm/core.ts";
import { type Lane, Lanes } from "../../wasm/lanes.ts";
import { GantryError } from "../errors.ts";
import { periodicYield } from "../event_loop.ts";
import type { HashEngine, Hasher, StreamEngine } from "./engine.ts";
import { streamEngine } from "./engines.ts";
import { laneSpeedup } from "./lane_speedup.ts";
import { SharedLanes } from "./shared_lanes.ts";
import { digestOf } from "./web_crypto.ts";

/** How the lanes compare with the runtime's own hash. */
export interface LaneEngineOptions {
  /** How many times as fast four lanes are as this engine. Default: a measurement, made once. */
  speedup?(native: StreamEngine): Promise<number>;
}

/** Four lanes, and those of them that no stream has. */
interface LaneSet {
  lanes: Lanes;
  shared: SharedLanes;
  free: Lane[];
}

/** sha256 in the lanes of the core: streams that are hashed at the same time are hashed side by side. */
export const laneEngine: HashEngine = createLaneEngine();

/** Makes the engine. Its streams share lanes without knowing of each other. */
export function createLaneEngine({ speedup = laneSpeedup }: LaneEngineOptions = {}): HashEngine {
  const sets: LaneSet[] = [];
  return {
    name: "wasm",
    available: () => coreAvailable(),
    async suits(algorithm, streams) {
      if (algorithm !== "sha256") return false;
      const native = streamEngine();
      if (!native) return true;
      // Lanes that stay empty take as long as the others.
      return streams > 1 && await speedup(native) * Math.min(streams, 4) > 4;
    },
    async create(algorithm): Promise<Hasher> {
      if (algorithm !== "sha256") {
        throw new GantryError("no-engine", `hash a stream with ${algorithm}: engine "wasm" has sha256 alone`);
      }
      const core = await loadCore();
      let set = sets.find(({ free }) => free.length > 0);
      if (!set) {
        const lanes = new Lanes(core);
        set = { lanes, shared: new SharedLanes(lanes, periodicYield()), free: [3, 2, 1, 0] };
        sets.push(set);
      }
      const { free } = set, lane = free.pop()!;
      return laneHasher(set, lane, () => {
        free.push(lane);
        // One set is kept for the next stream.
        if (free.length === 4 && sets.length > 1) sets.splice(sets.indexOf(set), 1);
      });
    },
  };
}

function laneHasher({ lanes, shared }: LaneSet, lane: Lane, release: () => void): Hasher {
  let ended = false;
  // Callers need not wait for one update before the next.
  let updated = Promise.resolve();
  return {
    update: (chunk) => updated = updated.then(() => shared.update(lane, chunk)),
    async digest() {
      await updated;
      const sha256 = await shared.digest(lane);
      ended = true;
      release();
      return digestOf("sha256", sha256.buffer);
    },
    [Symbol.dispose]() {
      if (ended) return;
      ended = true;
      shared.leave(lane);
      lanes.reset(lane);
      release();
    },
  };
}
