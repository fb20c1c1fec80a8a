import { type Bytes, observed } from "../bytes.ts";
import { gzip, zstd } from "../codec/encode.ts";
import { digesting } from "../digest/digesting.ts";
import { GantryError } from "../errors.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { tocAnnotations } from "../spec/table_of_contents.ts";
import { estargz, type EstargzFacts } from "./estargz.ts";
import { Layer } from "./layer.ts";
import { LearnedLayer, type Tar } from "./learned_layer.ts";

export type { Tar } from "./learned_layer.ts";

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

/** What OCI calls layers, as they are compressed. */
export const layerTypes = {
  none: mediaTypes.ociLayer,
  gzip: mediaTypes.ociLayerGzip,
  zstd: mediaTypes.ociLayerZstd,
} as const;

class MadeLayer extends LearnedLayer {
  readonly #options: LayerOptions;

  constructor(tar: Tar, options: LayerOptions) {
    if (options.estargz && (options.compression ?? "gzip") !== "gzip") {
      throw new GantryError(
        "unsupported",
        "make layer: eStargz is gzip, and not to be had with another compression",
      );
    }
    super(tar, options.mediaType ?? layerTypes[options.compression ?? "gzip"]);
    this.#options = options;
  }

  async open(): Promise<ReadableStream<Bytes>> {
    if (this.#options.estargz) return await this.#openEstargz();
    const plain = digesting();
    const packed = digesting();
    // Before a one-shot stream is taken: there may be no engine.
    const compressor = this.#compressor();
    const bytes = (await this.openTar())
      .pipeThrough(plain.stream)
      .pipeThrough(compressor)
      .pipeThrough(packed.stream);
    return observed(bytes, {
      done: async () => {
        const { digest, size } = await packed.result;
        this.learn({ size, digest }, (await plain.result).digest);
      },
    });
  }

  async #openEstargz(): Promise<ReadableStream<Bytes>> {
    const packed = digesting();
    let facts: EstargzFacts | undefined;
    const bytes = estargz(await this.openTar(), this.#options, (known) => facts = known)
      .pipeThrough(packed.stream);
    return observed(bytes, {
      done: async () => {
        const { diffID, tocDigest, uncompressedSize } = facts!;
        const annotations = {
          [tocAnnotations.digest]: tocDigest,
          [tocAnnotations.uncompressedSize]: `${uncompressedSize}`,
        };
        this.learn({ ...await packed.result, annotations }, diffID);
      },
    });
  }

  #compressor(): TransformStream<Bytes, Bytes> {
    const { compression = "gzip", engine, level, workers } = this.#options;
    if (compression === "gzip") return gzip({ engine, level, workers });
    if (compression === "zstd") return zstd({ engine, level });
    return new TransformStream();
  }
}
