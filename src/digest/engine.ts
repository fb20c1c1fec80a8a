import { GantryError } from "../errors.ts";
import type { Algorithm, Digest } from "../spec/digest.ts";
import { digestStream } from "./digest_stream.ts";
import { nodeCrypto } from "./node_crypto.ts";
import { subtle } from "./subtle.ts";

/** A hash in the making. */
export interface Hasher {
  /** Takes the next bytes; they may be changed again once this has returned, or once its promise is fulfilled. */
  update(chunk: Uint8Array): void | Promise<void>;
  /** Ends the hash. */
  digest(): Promise<Digest>;
  /** Gives up a hash that has not ended. */
  [Symbol.dispose]?(): void;
}

/** Something that can hash: a row of the table of engines. It serves streams, buffers or both. */
export interface HashEngine {
  /** What callers force it by. */
  readonly name: string;
  /** Whether this runtime has it. */
  available(): boolean;
  /** Starts the hash of a stream. */
  create?(algorithm: Algorithm): Hasher | Promise<Hasher>;
  /**
   * Whether it is the best for the last of so many streams that are hashed at once. An engine that has this is asked before
   * the others, and taken only if it says so.
   */
  suits?(algorithm: Algorithm, streams: number): boolean | Promise<boolean>;
  /** Hashes a buffer. */
  digest?(bytes: Uint8Array, algorithm: Algorithm): Promise<Digest>;
}

/** Which engine to take. */
export interface EngineOptions {
  /** The name of an engine; without one, the first that this runtime has. */
  engine?: string | undefined;
}

// The built-in rows cost nothing to import. The first that is available and has the method asked for is taken.
const engines: HashEngine[] = [nodeCrypto, digestStream, subtle];

/**
 * Adds an engine after those that are there; one of the same name is replaced in its place.
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
export function addHashEngine(engine: HashEngine): void {
  const at = engines.findIndex(({ name }) => name === engine.name);
  if (at < 0) engines.push(engine);
  else engines[at] = engine;
}

/** The engines that this runtime has, in the order in which they are tried. */
export function hashEngines(): readonly HashEngine[] {
  return engines.filter((engine) => engine.available());
}

/** An engine that hashes streams. */
export type StreamEngine = HashEngine & Required<Pick<HashEngine, "create">>;

/** The engine that says of itself that it is the best for one more stream beside so many. */
export async function suitedEngine(algorithm: Algorithm, streams: number): Promise<StreamEngine | undefined> {
  for (const engine of hashEngines()) {
    if (engine.suits && await engine.suits(algorithm, streams + 1)) return engine as StreamEngine;
  }
  return undefined;
}

/** The first engine that serves this, or the one that was asked for by name. */
export function hashEngine<Method extends "create" | "digest">(
  method: Method,
  name: string | undefined,
): (HashEngine & Required<Pick<HashEngine, Method>>) | undefined {
  const wanted = (engine: HashEngine) => name === undefined ? !engine.suits : engine.name === name;
  const found = hashEngines().find((engine) => engine[method] !== undefined && wanted(engine));
  return found as (HashEngine & Required<Pick<HashEngine, Method>>) | undefined;
}

/** What to throw when there is none. */
export function noHashEngine(work: string, name: string | undefined): GantryError {
  const reason = name === undefined
    ? `this runtime has no hash for it; import "@gantry/oci", which brings hash-wasm`
    : `engine "${name}" is not one of ${hashEngines().map((engine) => `"${engine.name}"`).join(", ")}`;
  return new GantryError("no-engine", `${work}: ${reason}`);
}
