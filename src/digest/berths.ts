import { type Core, coreAvailable, loadCore } from "../../wasm/core.ts";
import { type Lane, Lanes } from "../../wasm/lanes.ts";
import { handsOf, Thread } from "../../wasm/threads.ts";
import type { Digest } from "../spec/digest.ts";
import type { DigestAllOptions, DigestInput } from "./digest_all.ts";
import { hashEngine, type Hasher, noHashEngine, type StreamEngine } from "./engine.ts";
import { lanesTo } from "./calibrate.ts";
import { type Pace, paceAlone, paceWithThreads } from "./pace.ts";
import { type FourLanes, SharedLanes } from "./shared_lanes.ts";
import { ThreadLanes } from "./thread_lanes.ts";
import { digestOf } from "./web_crypto.ts";

/** A place to hash one message after another. */
export interface Berth {
  update(bytes: Uint8Array): void | Promise<void>;
  /** Ends a message; the next begins. */
  digest(): Promise<Digest>;
}

const lanes: readonly Lane[] = [0, 1, 2, 3];
/** Less than this is hashed before anything faster has started. */
const little = 1024 ** 2;

/** Opens as many berths as there should be messages on their way at once: four for each hand, eight at least. */
export async function openBerths(
  inputs: Iterable<DigestInput>,
  { engine: name, workers }: DigestAllOptions,
): Promise<{ berths: Berth[]; end: () => void }> {
  const hands = handsOf("digest", workers);
  const native = name === "wasm" ? undefined : hashEngine("create", name);
  if (!native && name !== undefined && name !== "wasm") throw noHashEngine("digest streams", name);
  const few = isLittle(inputs);
  const core = await faster(few, name, native);
  if (!core && !native) throw noHashEngine("digest streams", name);
  // What a thread has of the runtime's own is node:crypto.
  const threads = !few && (core || native?.name === "node:crypto") ? await startThreads(hands - 1, core) : [];
  const end = () => threads.forEach((thread) => thread.end());
  const ships = threads.map((thread) => new ThreadLanes(thread, core ? "lanes" : "native"));
  const own = ships.length > 0 ? [0] : [0, 1];
  const pace = ships.length > 0 ? paceWithThreads() : paceAlone();
  if (core) {
    const fours = [...ships, ...own.map(() => new Lanes(core))];
    return { berths: fours.flatMap((four) => shared(four, pace)), end };
  }
  const berths = await Promise.all(own.flatMap(() => lanes.map(() => inEngine(native!, pace))));
  // One here, one there: a few long messages are then hashed by all hands.
  return {
    berths: lanes.flatMap((lane) => [
      ...ships.map((ship) => alone(ship, lane)),
      ...berths.filter((_, i) => i % 4 === lane),
    ]),
    end,
  };
}

/** The core, if it is to be taken. */
async function faster(
  few: boolean,
  name: string | undefined,
  native: StreamEngine | undefined,
): Promise<Core | undefined> {
  if (name === "wasm") return await loadCore();
  if (name !== undefined || !coreAvailable()) return undefined;
  if (!native) return await loadCore();
  return !few && await lanesTo(native) > 1 ? await loadCore() : undefined;
}

function isLittle(inputs: Iterable<DigestInput>): boolean {
  if (!Array.isArray(inputs)) return false;
  const sizes = (inputs as DigestInput[]).map((input) =>
    input instanceof Uint8Array ? input.byteLength : input instanceof Blob ? input.size : little
  );
  return inputs.length < 2 || sizes.reduce((sum, size) => sum + size, 0) < little;
}

async function startThreads(count: number, core: Core | undefined): Promise<Thread[]> {
  if (count === 0) return [];
  const module = core ?? await loadCore();
  const threads = Array.from({ length: count }, () => new Thread(module));
  const ready = await Promise.all(threads.map((thread) => thread.ready));
  return threads.filter((_, i) => ready[i]);
}

function shared(four: FourLanes, pace: Pace): Berth[] {
  const together = new SharedLanes(four, pace);
  return lanes.map((lane) => ({
    update: (bytes) => together.update(lane, bytes),
    digest: async () => digestOf("sha256", (await together.digest(lane)).buffer),
  }));
}

function alone(four: FourLanes, lane: Lane): Berth {
  return {
    update(bytes) {
      const chunks: [Uint8Array?, Uint8Array?, Uint8Array?, Uint8Array?] = [];
      chunks[lane] = bytes;
      return four.update4(chunks);
    },
    digest: async () => digestOf("sha256", (await four.digest(lane)).buffer),
  };
}

async function inEngine(engine: StreamEngine, pace: Pace): Promise<Berth> {
  let hasher: Hasher = await engine.create("sha256");
  return {
    update: (bytes) => hasher.update(bytes) ?? pace(),
    async digest() {
      const digest = await hasher.digest();
      hasher = await engine.create("sha256");
      return digest;
    },
  };
}
