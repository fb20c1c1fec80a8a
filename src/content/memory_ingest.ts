import { type Bytes, chunksOf, concat } from "../bytes.ts";
import { digestBytes } from "../digest/hasher.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { algorithmOf, type Digest } from "../spec/digest.ts";
import type { Ingest, Options } from "./contracts.ts";

/** What is kept of an ingest between two calls. */
export interface IngestState {
  /** The bytes so far. */
  readonly chunks: Bytes[];
  /** Whether it is open. */
  held: boolean;
  /** When the last of them came. */
  updated: Date;
}

/** What an ingest does to the repository. */
export interface IngestStore {
  /** Makes the bytes a blob. */
  keep(bytes: Bytes, digest: Digest): Descriptor;
  /** Removes the ingest. */
  forget(): void;
}

/** A write in the making in memory. */
export class MemoryIngest implements Ingest {
  readonly #session: string;
  readonly #state: IngestState;
  readonly #store: IngestStore;

  constructor(
    session: string,
    state: IngestState,
    store: IngestStore,
  ) {
    this.#session = session;
    this.#state = state;
    this.#store = store;
  }

  get offset(): number {
    return this.#state.chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  }

  async append(bytes: ReadableStream<Bytes>, at: number, options: Options = {}): Promise<number> {
    if (at !== this.offset) {
      await bytes.cancel();
      throw new GantryError("conflict", `append to ${this.#session} at ${at}: it stands at ${this.offset}`);
    }
    for await (const chunk of chunksOf(bytes, options.signal)) {
      this.#state.chunks.push(chunk.slice());
      this.#state.updated = new Date();
    }
    return this.offset;
  }

  async commit(expected?: Digest): Promise<Descriptor> {
    const bytes = concat(this.#state.chunks);
    const digest = await digestBytes(bytes, expected ? algorithmOf(expected) : "sha256");
    if (expected && digest !== expected) {
      throw new GantryError("digest-mismatch", `write ${expected}: the bytes are ${digest}`);
    }
    this.#store.forget();
    return this.#store.keep(bytes, digest);
  }

  abort(): Promise<void> {
    this.#store.forget();
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#state.held = false;
    return Promise.resolve();
  }
}
