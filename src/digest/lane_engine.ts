import { coreAvailable, loadCore } from "../../wasm/core.ts";
import { type Lane, Lanes } from "../../wasm/lanes.ts";
import { GantryError } from "../errors.ts";
import { lanesTo } from "./calibrate.ts";
import { type HashEngine, hashEngine, type Hasher } from "./engine.ts";
import { paceAlone } from "./pace.ts";
import { SharedLanes } from "./shared_lanes.ts";
import { digestOf } from "./web_crypto.ts";

/** Four lanes, and those of them that nobody has. */
interface Four {
  lanes: Lanes;
  shared: SharedLanes;
  free: Lane[];
}

// Streams share them without knowing of each other.
const fours: Four[] = [];

/** sha256 in the lanes of the core: streams that are hashed at the same time are hashed side by side. */
export const laneEngine: HashEngine = {
  name: "wasm",
  available: () => coreAvailable(),
  async suits(algorithm, streams) {
    if (algorithm !== "sha256") return false;
    const native = hashEngine("create", undefined);
    if (!native) return true;
    return streams > 1 && await lanesTo(native) * Math.min(streams, 4) > 4;
  },
  async create(algorithm): Promise<Hasher> {
    if (algorithm !== "sha256") {
      throw new GantryError("no-engine", `hash a stream with ${algorithm}: engine "wasm" has sha256 alone`);
    }
    const core = await loadCore();
    let four = fours.find(({ free }) => free.length > 0);
    if (!four) {
      const lanes = new Lanes(core);
      four = { lanes, shared: new SharedLanes(lanes, paceAlone()), free: [3, 2, 1, 0] };
      fours.push(four);
    }
    return laneHasher(four, four.free.pop()!);
  },
};

function laneHasher(four: Four, lane: Lane): Hasher {
  const { lanes, shared, free } = four;
  let ended = false;
  // Not everybody waits for an update before the next.
  let updated = Promise.resolve();
  const end = () => {
    ended = true;
    free.push(lane);
    if (free.length === 4 && fours.length > 1) fours.splice(fours.indexOf(four), 1);
  };
  return {
    update: (chunk) => updated = updated.then(() => shared.update(lane, chunk)),
    async digest() {
      await updated;
      const sha256 = await shared.digest(lane);
      end();
      return digestOf("sha256", sha256.buffer);
    },
    [Symbol.dispose]() {
      if (ended) return;
      shared.leave(lane);
      lanes.reset(lane);
      end();
    },
  };
}
