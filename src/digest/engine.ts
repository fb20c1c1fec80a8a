import type { Engine } from "../engine_table.ts";
import type { Algorithm, Digest } from "../spec/digest.ts";

/** A hash in the making. */
export interface Hasher {
  /** Takes the next bytes; they may be changed again once this has returned, or once its promise is fulfilled. */
  update(chunk: Uint8Array): void | Promise<void>;
  /** Ends the hash. */
  digest(): Promise<Digest>;
  /** Gives up a hash that has not ended. */
  [Symbol.dispose]?(): void;
}

/** A row of the table of engines: something that can hash streams, buffers or both. */
export interface HashEngine extends Engine {
  /** Starts the hash of a stream. */
  create?(algorithm: Algorithm): Hasher | Promise<Hasher>;
  /**
   * Whether it is the best for the last of so many streams that are hashed at once. An engine that has this is asked
   * before the others, and is not taken by default unless it says yes.
   */
  suits?(algorithm: Algorithm, streams: number): boolean | Promise<boolean>;
  /** Hashes a buffer. */
  digest?(bytes: Uint8Array, algorithm: Algorithm): Promise<Digest>;
}

/** An engine that hashes streams. */
export type StreamEngine = HashEngine & Required<Pick<HashEngine, "create">>;

/** An engine that hashes buffers. */
export type BufferEngine = HashEngine & Required<Pick<HashEngine, "digest">>;

/** Which engine to take. */
export interface EngineOptions {
  /** The name of an engine. Default: the first that this runtime has. */
  engine?: string | undefined;
}
