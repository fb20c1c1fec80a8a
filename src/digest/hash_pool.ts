import { type Core, coreAvailable, loadCore } from "../../wasm/core.ts";
import { type Lane, Lanes } from "../../wasm/lanes.ts";
import { Thread, workerCountOf } from "../../wasm/threads.ts";
import { type PeriodicYield, periodicYield, periodicYieldToThreads } from "../event_loop.ts";
import type { Digest } from "../spec/digest.ts";
import type { StreamEngine } from "./engine.ts";
import { noStreamEngine, streamEngine } from "./engines.ts";
import { laneSpeedup } from "./lane_speedup.ts";
import { type FourLanes, SharedLanes } from "./shared_lanes.ts";
import { ThreadLanes } from "./thread_lanes.ts";
import { digestOf } from "./web_crypto.ts";

/** Hashes one message after another. */
export interface HashSlot {
  update(bytes: Uint8Array): void | Promise<void>;
  /** Ends a message; the next begins. */
  digest(): Promise<Digest>;
}

/** Slots that hash at the same time. */
export interface HashPool {
  readonly slots: readonly HashSlot[];
  /** Gives up its threads. */
  end(): void;
}

/** What to hash with. */
export interface HashPoolOptions {
  /** `"wasm"` or the name of an engine. Default: the faster of the core and the runtime's own. */
  engine?: string | undefined;
  /** How many threads hash, this one among them. Default: 1. */
  workers?: number | "auto" | undefined;
  /** Whether there is too little to hash for the core or for threads to pay off. */
  small: boolean;
}

const lanes: readonly Lane[] = [0, 1, 2, 3];

/**
 * Opens a pool with four slots for each thread, and at least eight.
 *
 * @throws {GantryError} `no-engine` where nothing can hash or there is no engine of that name, `unsupported` for a number
 * of workers that cannot be had.
 */
export async function openHashPool({ engine: name, workers, small }: HashPoolOptions): Promise<HashPool> {
  const workerCount = workerCountOf("digest", workers);
  const native = name === "wasm" ? undefined : streamEngine(name);
  if (!native && name !== undefined && name !== "wasm") throw noStreamEngine("digest streams", name);
  const core = await coreToUse(name, native, small);
  if (!core && !native) throw noStreamEngine("digest streams", name);
  // The only hash of the runtime that a thread can have is node:crypto.
  const threaded = !small && (core || native?.name === "node:crypto");
  const threads = threaded ? await startThreads(workerCount - 1, core) : [];
  const threadLanes = threads.map((thread) => new ThreadLanes(thread, core ? "lanes" : "native"));
  const localSets = threads.length > 0 ? 1 : 2;
  const yieldNow = threads.length > 0 ? periodicYieldToThreads() : periodicYield();
  const slots = core
    ? [...threadLanes, ...Array.from({ length: localSets }, () => new Lanes(core))]
      .flatMap((four) => sharedSlots(four, yieldNow))
    : await nativeSlots(native!, threadLanes, localSets, yieldNow);
  return { slots, end: () => threads.forEach((thread) => thread.end()) };
}

/** The core if it is asked for, the only choice, or faster than the runtime's own hash. */
async function coreToUse(
  name: string | undefined,
  native: StreamEngine | undefined,
  small: boolean,
): Promise<Core | undefined> {
  if (name === "wasm") return await loadCore();
  if (name !== undefined || !coreAvailable()) return undefined;
  if (!native) return await loadCore();
  return !small && await laneSpeedup(native) > 1 ? await loadCore() : undefined;
}

/** Starts threads; there may be fewer than asked for, or none, as the runtime allows. */
async function startThreads(count: number, core: Core | undefined): Promise<Thread[]> {
  if (count === 0) return [];
  const module = core ?? await loadCore();
  const threads = Array.from({ length: count }, () => new Thread(module));
  const ready = await Promise.all(threads.map((thread) => thread.ready));
  return threads.filter((_, i) => ready[i]);
}

/** Four slots whose messages are hashed side by side. */
function sharedSlots(four: FourLanes, yieldNow: PeriodicYield): HashSlot[] {
  const shared = new SharedLanes(four, yieldNow);
  return lanes.map((lane) => ({
    update: (bytes) => shared.update(lane, bytes),
    digest: async () => digestOf("sha256", (await shared.digest(lane)).buffer),
  }));
}

/**
 * Slots that use the runtime's own hash, here and in threads. Threads take turns in the list, so that a few long messages
 * are spread over all of them.
 */
async function nativeSlots(
  engine: StreamEngine,
  threadLanes: readonly ThreadLanes[],
  localSets: number,
  yieldNow: PeriodicYield,
): Promise<HashSlot[]> {
  const slots: HashSlot[] = [];
  for (const lane of lanes) {
    slots.push(...threadLanes.map((thread) => threadSlot(thread, lane)));
    for (let set = 0; set < localSets; set++) slots.push(await localSlot(engine, yieldNow));
  }
  return slots;
}

function threadSlot(thread: ThreadLanes, lane: Lane): HashSlot {
  return {
    update(bytes) {
      const chunks: [Uint8Array?, Uint8Array?, Uint8Array?, Uint8Array?] = [];
      chunks[lane] = bytes;
      return thread.update4(chunks);
    },
    digest: async () => digestOf("sha256", (await thread.digest(lane)).buffer),
  };
}

async function localSlot(engine: StreamEngine, yieldNow: PeriodicYield): Promise<HashSlot> {
  let hasher = await engine.create("sha256");
  return {
    update: (bytes) => hasher.update(bytes) ?? yieldNow(),
    async digest() {
      const digest = await hasher.digest();
      hasher = await engine.create("sha256");
      return digest;
    },
  };
}
