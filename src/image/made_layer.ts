import { type Bytes, observed, skipping, streamOf } from "../bytes.ts";
import { gzip, zstd } from "../codec/encode.ts";
import type { Content, Options } from "../content/contracts.ts";
import { sliceStream } from "../content/range.ts";
import { Once } from "../content/once.ts";
import { digesting } from "../digest/digesting.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { tocAnnotations } from "../spec/table_of_contents.ts";
import { estargz, type EstargzFacts } from "./estargz.ts";
import { Layer } from "./layer.ts";
import type { LayerBody } from "./layer_body.ts";

/** An uncompressed tar: whole, to be opened as often as needed, or a stream that can be read once. */
export type Tar =
  | Bytes
  | Blob
  | ReadableStream<Bytes>
  | (() => ReadableStream<Bytes> | Promise<ReadableStream<Bytes>>);

/** How a layer is made from a tar. */
export interface LayerOptions {
  /** What the bytes are called. Default: an OCI layer, as it is compressed. Artifacts have layers of any type. */
  mediaType?: string | undefined;
  /** What the bytes are stored as. Default: gzip, whose bytes are the same on every runtime. */
  compression?: "none" | "gzip" | "zstd" | undefined;
  /**
   * gzip: compresses each file by itself and adds a table of contents (eStargz), so that clients can read one file without
   * the rest. The tar gets two more entries for that: the diffID is another one. Default: false.
   */
  estargz?: boolean | undefined;
  /** The engine that compresses, by name, as its bytes depend on it. */
  engine?: string | undefined;
  /** How hard it tries. Default: the engine's. */
  level?: number | undefined;
  /**
   * gzip: how many threads compress, this one among them; `"auto"` for as many as there are processors. Default: 1. The
   * bytes are the same.
   */
  workers?: number | "auto" | undefined;
}

/**
 * A layer from an uncompressed tar. Its digest, diffID and compressed bytes come from one pass over the tar, when they are
 * asked for or when the layer is written.
 *
 * What compresses comes with `@gantry/oci` and `@gantry/oci/codec`. `@gantry/oci/edge` has no gzip: without one of the others
 * the layer rejects with `no-engine` when it is read, unless its `compression` is `"none"`.
 *
 * @example
 * ```ts
 * import { layer } from "@gantry/oci/image";
 *
 * const empty = layer(new Uint8Array(1024), { compression: "none" });
 * console.log(await empty.diffID() === await empty.digest()); // true
 * ```
 */
export function layer(tar: Tar, options: LayerOptions = {}): Layer {
  return new Layer(new MadeLayer(tar, options));
}

interface Facts {
  descriptor: Descriptor;
  diffID: Digest;
}

/** What OCI calls layers, as they are compressed. */
export const layerTypes = {
  none: mediaTypes.ociLayer,
  gzip: mediaTypes.ociLayerGzip,
  zstd: mediaTypes.ociLayerZstd,
} as const;

class MadeLayer implements LayerBody {
  readonly mediaType: string;
  readonly #tar: Tar;
  readonly #options: LayerOptions;
  readonly #replayable: boolean;
  readonly #reading: Once<Facts>;
  #facts: Facts | undefined;
  #consumed = false;

  constructor(tar: Tar, options: LayerOptions) {
    if (options.estargz && (options.compression ?? "gzip") !== "gzip") {
      throw new GantryError(
        "unsupported",
        "make layer: eStargz is gzip, and not to be had with another compression",
      );
    }
    this.#tar = tar;
    this.#options = options;
    this.#replayable = !(tar instanceof ReadableStream);
    this.mediaType = options.mediaType ?? layerTypes[options.compression ?? "gzip"];
    this.#reading = new Once((signal) => this.#read(signal));
  }

  get known(): Descriptor | undefined {
    return this.#facts?.descriptor;
  }

  async descriptor(options?: Options): Promise<Descriptor> {
    return { ...(await this.#known(options)).descriptor };
  }

  async diffID(options?: Options): Promise<Digest> {
    return (await this.#known(options)).diffID;
  }

  async open(): Promise<ReadableStream<Bytes>> {
    if (this.#options.estargz) return await this.#openEstargz();
    const plain = digesting();
    const packed = digesting();
    // Before a one-shot stream is taken: there may be no engine.
    const compressor = this.#compressor();
    const bytes = (await this.#openTar())
      .pipeThrough(plain.stream)
      .pipeThrough(compressor)
      .pipeThrough(packed.stream);
    return observed(bytes, {
      done: async () => {
        const { digest, size } = await packed.result;
        const diffID = (await plain.result).digest;
        this.#facts ??= { descriptor: { mediaType: this.mediaType, size, digest }, diffID };
      },
    });
  }

  async #openEstargz(): Promise<ReadableStream<Bytes>> {
    const packed = digesting();
    let facts: EstargzFacts | undefined;
    const bytes = estargz(await this.#openTar(), this.#options, (known) => facts = known)
      .pipeThrough(packed.stream);
    return observed(bytes, {
      done: async () => {
        const { diffID, tocDigest, uncompressedSize } = facts!;
        const annotations = {
          [tocAnnotations.digest]: tocDigest,
          [tocAnnotations.uncompressedSize]: `${uncompressedSize}`,
        };
        this.#facts ??= {
          descriptor: { mediaType: this.mediaType, ...await packed.result, annotations },
          diffID,
        };
      },
    });
  }

  async openRange(start: number, end: number): Promise<ReadableStream<Bytes>> {
    if (this.#replayable) return sliceStream(await this.open(), start, end);
    throw new GantryError("unsupported", "read part of layer: it is a one-shot stream");
  }

  content(): Promise<Content> {
    return Promise.resolve({
      ...(this.#facts?.descriptor ?? { mediaType: this.mediaType }),
      replayable: this.#replayable,
      open: async ({ start = 0 }: { start?: number | undefined } = {}) => skipping(await this.open(), start),
    });
  }

  #known(options?: Options): Promise<Facts> {
    if (this.#facts) return Promise.resolve(this.#facts);
    if (this.#replayable) return this.#reading.get(options?.signal);
    return Promise.reject(
      new GantryError(
        "not-computed",
        "describe layer: it is a one-shot stream that has not been written yet",
      ),
    );
  }

  async #read(signal: AbortSignal): Promise<Facts> {
    await (await this.open()).pipeTo(new WritableStream(), { signal });
    return this.#facts!;
  }

  #openTar(): ReadableStream<Bytes> | Promise<ReadableStream<Bytes>> {
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

  #compressor(): TransformStream<Bytes, Bytes> {
    const { compression = "gzip", engine, level, workers } = this.#options;
    if (compression === "gzip") return gzip({ engine, level, workers });
    if (compression === "zstd") return zstd({ engine, level });
    return new TransformStream();
  }
}
