import { type Bytes, skipping, streamOf } from "../bytes.ts";
import type { Content, Options } from "../content/contracts.ts";
import { Once } from "../content/once.ts";
import { sliceStream } from "../content/range.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import type { LayerBody } from "./layer_body.ts";

/** A tar: whole, to be opened as often as needed, or a stream that can be read once. */
export type Tar =
  | Bytes
  | Blob
  | ReadableStream<Bytes>
  | (() => ReadableStream<Bytes> | Promise<ReadableStream<Bytes>>);

/** What is known of a layer once it has been read. */
export interface LayerFacts {
  descriptor: Descriptor;
  diffID: Digest;
}

/** A layer whose digest and diffID come from one pass over its tar, when they are asked for or when it is written. */
export abstract class LearnedLayer implements LayerBody {
  readonly mediaType: string;
  readonly #tar: Tar;
  readonly #replayable: boolean;
  readonly #reading: Once<LayerFacts>;
  #facts: LayerFacts | undefined;
  #consumed = false;

  constructor(tar: Tar, mediaType: string) {
    this.#tar = tar;
    this.mediaType = mediaType;
    this.#replayable = !(tar instanceof ReadableStream);
    this.#reading = new Once((signal) => this.#read(signal));
  }

  /** All the bytes of the layer. Once they have been read to their end, `learn` has been called. */
  abstract open(): Promise<ReadableStream<Bytes>>;

  /** Bytes of the layer, from which parts are taken. */
  protected openWhole(): Promise<ReadableStream<Bytes>> {
    return this.open();
  }

  get known(): Descriptor | undefined {
    return this.#facts?.descriptor;
  }

  async descriptor(options?: Options): Promise<Descriptor> {
    return { ...(await this.#learned(options)).descriptor };
  }

  async diffID(options?: Options): Promise<Digest> {
    return (await this.#learned(options)).diffID;
  }

  async openRange(start: number, end: number): Promise<ReadableStream<Bytes>> {
    if (this.#replayable) return sliceStream(await this.openWhole(), start, end);
    throw new GantryError("unsupported", "read part of layer: it is a one-shot stream");
  }

  content(): Promise<Content> {
    return Promise.resolve({
      ...(this.known ?? { mediaType: this.mediaType }),
      replayable: this.#replayable,
      open: async ({ start = 0 }: { start?: number | undefined } = {}) => skipping(await this.open(), start),
    });
  }

  /** The tar as it was given. */
  protected openTar(): ReadableStream<Bytes> | Promise<ReadableStream<Bytes>> {
    const tar = this.#tar;
    if (typeof tar === "function") return tar();
    if (tar instanceof Blob) return tar.stream();
    if (tar instanceof Uint8Array) return streamOf(tar);
    if (this.#consumed) {
      throw new GantryError("consumed", "read layer: it is a one-shot stream that has been read already");
    }
    this.#consumed = true;
    return tar;
  }

  /** Keeps what the first pass has told. */
  protected learn(descriptor: Omit<Descriptor, "mediaType">, diffID: Digest): void {
    this.#facts ??= { descriptor: { mediaType: this.mediaType, ...descriptor }, diffID };
  }

  #learned(options?: Options): Promise<LayerFacts> {
    if (this.#facts) return Promise.resolve(this.#facts);
    if (this.#replayable) return this.#reading.get(options?.signal);
    return Promise.reject(
      new GantryError(
        "not-computed",
        "describe layer: it is a one-shot stream that has not been written yet",
      ),
    );
  }

  async #read(signal: AbortSignal): Promise<LayerFacts> {
    await (await this.open()).pipeTo(new WritableStream(), { signal });
    return this.#facts!;
  }
}
