import { EngineTable } from "../engine_table.ts";
import type { GantryError } from "../errors.ts";
import type { Algorithm } from "../spec/digest.ts";
import { digestStream } from "./digest_stream.ts";
import type { BufferEngine, HashEngine, StreamEngine } from "./engine.ts";
import { nodeCrypto } from "./node_crypto.ts";
import { subtle } from "./subtle.ts";

// What the runtime itself has. `registerHashEngines` adds the WASM core, where it is wanted.
const table = new EngineTable<HashEngine, "stream" | "buffer">([nodeCrypto, digestStream, subtle], {
  does: (engine, kind) => (kind === "stream" ? engine.create : engine.digest) !== undefined,
  howToGet: () => `this runtime has no hash for it; import "@gantry/oci", which brings hash-wasm`,
});

/**
 * Adds an engine after the others, or before the one with the name `before`. An engine of the same name is replaced,
 * where it is.
 *
 * @example
 * ```ts
 * import { addHashEngine, createHasher, type Digest, type Hasher } from "@gantry/oci/digest";
 *
 * const digest: Digest = `sha256:${"0".repeat(64)}`;
 * const zeros: Hasher = { update() {}, digest: () => Promise.resolve(digest) };
 * addHashEngine({ name: "zeros", available: () => true, create: () => zeros });
 * await createHasher("sha256", { engine: "zeros" });
 * ```
 */
export function addHashEngine(engine: HashEngine, before?: string): void {
  table.add(engine, before);
}

/** As `addHashEngine`, but leaves alone what a caller has put under that name. */
export function addDefaultHashEngine(engine: HashEngine, before?: string): void {
  table.addDefault(engine, before);
}

/** The engines that this runtime has, in the order in which they are tried. */
export function hashEngines(): readonly HashEngine[] {
  return table.available();
}

/** The engine that hashes streams: the one of this name, or else the default. */
export function streamEngine(name?: string): StreamEngine | undefined {
  return table.find("stream", name) as StreamEngine | undefined;
}

/** The engine that hashes buffers: the one of this name, or else the default. */
export function bufferEngine(name?: string): BufferEngine | undefined {
  return table.find("buffer", name) as BufferEngine | undefined;
}

/** The engine that says of itself that it is the best when the last of so many streams is added. */
export async function suitedEngine(algorithm: Algorithm, streams: number): Promise<StreamEngine | undefined> {
  return await table.suited("stream", algorithm, streams) as StreamEngine | undefined;
}

/** The error to throw where nothing hashes streams, or no engine of this name does. */
export function noStreamEngine(task: string, name: string | undefined): GantryError {
  return table.noEngine("stream", name, task);
}
