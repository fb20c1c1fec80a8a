import { type Core, loadCore } from "../../wasm/core.ts";
import { type Lane, Lanes } from "../../wasm/lanes.ts";
import { startThread, type Thread, threadCount } from "../../wasm/threads.ts";
import type { Digest } from "../spec/digest.ts";
import type { DigestAllOptions, DigestInput } from "./digest_all.ts";
import { type HashEngine, hashEngine, type Hasher, noHashEngine } from "./engine.ts";
import { calibrated } from "./calibrate.ts";
import { SharedLanes } from "./shared_lanes.ts";
import { ThreadLanes } from "./thread_lanes.ts";
import { turn } from "../../wasm/turn.ts";
import { digestOf } from "./web_crypto.ts";

/** A place to hash one message after another. */
export interface Berth {
  update(bytes: Uint8Array): void | Promise<void>;
  /** Ends a message; the next begins. */
  digest(): Promise<Digest>;
}

/** Four messages that are hashed side by side. */
export interface FourLanes {
  /** Takes as many bytes in each lane that has some. */
  update(chunks: readonly [Uint8Array?, Uint8Array?, Uint8Array?, Uint8Array?]): void | Promise<void>;
  /** Ends a lane's message; its sha256. */
  digest(lane: Lane): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
}

type Streaming = HashEngine & Required<Pick<HashEngine, "create">>;

const lanes: readonly Lane[] = [0, 1, 2, 3];
/** Less than this is hashed before anything faster has started. */
const little = 1024 ** 2;
/** After so much the loop has its turn. */
const often = 4 * 1024 ** 2;

/** Opens as many berths as there should be messages on their way at once. */
export async function openBerths(
  inputs: Iterable<DigestInput>,
  { engine: name, workers }: DigestAllOptions,
): Promise<{ berths: Berth[]; end: () => void }> {
  const count = threadCount("digest", workers);
  const native = hashEngine("create", name === "wasm" ? undefined : name);
  if (!native && name !== undefined && name !== "wasm") throw noHashEngine("digest streams", name);
  const core = await faster(inputs, name, native);
  if (!core && !native) throw noHashEngine("digest streams", name);
  // What a thread has of the runtime's own is node:crypto.
  const threads = core || native?.name === "node:crypto" ? await startThreads(count, core) : [];
  const end = () => threads.forEach((thread) => thread.end());
  if (threads.length > 0) {
    const ships = threads.map((thread) => new ThreadLanes(thread, core !== undefined));
    return {
      berths: core ? ships.flatMap(shared) : lanes.flatMap((lane) => ships.map((ship) => alone(ship, lane))),
      end,
    };
  }
  if (core) return { berths: [new Lanes(core), new Lanes(core)].map(inLanes).flatMap(shared), end };
  return { berths: await Promise.all(Array.from({ length: 8 }, () => inEngine(native!))), end };
}

/** The core, if it is to be taken. */
async function faster(
  inputs: Iterable<DigestInput>,
  name: string | undefined,
  native: Streaming | undefined,
): Promise<Core | undefined> {
  if (name === "wasm") return await loadCore();
  if (name !== undefined || typeof WebAssembly !== "object") return undefined;
  if (!native) return await loadCore();
  return isLittle(inputs) ? undefined : await calibrated(native);
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
  const threads = Array.from({ length: count }, () => startThread(module, core ? "lanes" : "native"));
  const ready = await Promise.all(threads.map((thread) => thread.ready));
  return threads.filter((_, i) => ready[i]);
}

function inLanes(four: Lanes): FourLanes {
  return { update: (chunks) => four.update4(chunks), digest: (lane) => four.digest(lane) };
}

function shared(four: FourLanes): Berth[] {
  const together = new SharedLanes(four);
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
      return four.update(chunks);
    },
    digest: async () => digestOf("sha256", (await four.digest(lane)).buffer),
  };
}

async function inEngine(engine: Streaming): Promise<Berth> {
  let hasher: Hasher = await engine.create("sha256");
  let since = 0;
  return {
    async update(bytes) {
      await hasher.update(bytes);
      since += bytes.byteLength;
      if (since < often) return;
      since = 0;
      await turn();
    },
    async digest() {
      const digest = await hasher.digest();
      hasher = await engine.create("sha256");
      return digest;
    },
  };
}
