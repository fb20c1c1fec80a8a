import { type Bytes, chunksOf, concat, observed, skipping, streamOf, streamOfPieces } from "../bytes.ts";
import { decompress } from "../codec/decode.ts";
import { sniff, sniffLength } from "../codec/sniff.ts";
import type { Content, Options } from "../content/contracts.ts";
import { Once } from "../content/once.ts";
import { sliceStream } from "../content/range.ts";
import { digesting } from "../digest/digesting.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { Layer } from "./layer.ts";
import type { LayerBody } from "./layer_body.ts";
import { layer, type LayerOptions, layerTypes, type Tar } from "./made_layer.ts";

/**
 * A layer from a tar that may be compressed already with gzip or zstd: its bytes stay then. What is not compressed is
 * made into a layer as `layer` does it. The first bytes are read to tell.
 *
 * @throws {GantryError} `unsupported` for other compressions.
 *
 * @example
 * ```ts
 * import { packedLayer } from "@gantry/oci/image";
 *
 * const gzipped = await new Response(
 *   new Blob([new Uint8Array(1024)]).stream().pipeThrough(new CompressionStream("gzip")),
 * ).bytes();
 * const made = await packedLayer(gzipped);
 * console.log(await made.size() === gzipped.length); // true
 * ```
 */
export async function packedLayer(tar: Tar, options: LayerOptions = {}): Promise<Layer> {
  const { head, whole } = await peek(tar);
  const compression = sniff(head);
  if (compression === "plain") return layer(whole, options);
  if (compression !== "gzip" && compression !== "zstd") {
    throw new GantryError(
      "unsupported",
      `make a layer: it is compressed with ${compression}, not with gzip or zstd`,
    );
  }
  return new Layer(new PackedLayer(whole, options.mediaType ?? layerTypes[compression]));
}

/** The first bytes of a tar, and all of it. */
async function peek(tar: Tar): Promise<{ head: Bytes; whole: Tar }> {
  if (tar instanceof Uint8Array) return { head: tar.slice(0, sniffLength), whole: tar };
  const once = tar instanceof ReadableStream;
  const chunks = chunksOf(once ? tar : tar instanceof Blob ? tar.stream() : await tar());
  const first: Bytes[] = [];
  let length = 0;
  while (length < sniffLength) {
    const { done, value } = await chunks.next();
    if (done) break;
    first.push(value);
    length += value.byteLength;
  }
  const head = concat(first, length).slice(0, sniffLength);
  if (!once) {
    await chunks.return();
    return { head, whole: tar };
  }
  const rest = async function* () {
    yield* first;
    yield* chunks;
  };
  return { head, whole: streamOfPieces(rest()) };
}

class PackedLayer implements LayerBody {
  readonly mediaType: string;
  readonly #packed: Tar;
  readonly #replayable: boolean;
  readonly #reading: Once<Facts>;
  #facts: Facts | undefined;
  #consumed = false;

  constructor(packed: Tar, mediaType: string) {
    this.#packed = packed;
    this.mediaType = mediaType;
    this.#replayable = !(packed instanceof ReadableStream);
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

  /** The bytes as they are. The first time through, they are unpacked on the side to tell the diffID. */
  async open(): Promise<ReadableStream<Bytes>> {
    const bytes = await this.#openPacked();
    if (this.#facts) return bytes;
    const packed = digesting();
    const plain = digesting();
    const side = new TransformStream<Bytes, Bytes>();
    const unpacked = side.readable.pipeThrough(decompress({ what: "layer" })).pipeThrough(plain.stream)
      .pipeTo(new WritableStream());
    unpacked.catch(() => {});
    const writer = side.writable.getWriter();
    writer.closed.catch(() => {});
    return observed(bytes.pipeThrough(packed.stream), {
      chunk: (chunk) => Promise.race([writer.write(chunk), unpacked]),
      done: async () => {
        await writer.close();
        await unpacked;
        const { digest, size } = await packed.result;
        const diffID = (await plain.result).digest;
        this.#facts ??= { descriptor: { mediaType: this.mediaType, size, digest }, diffID };
      },
      failed: (reason) => writer.abort(reason).catch(() => {}),
    });
  }

  async openRange(start: number, end: number): Promise<ReadableStream<Bytes>> {
    if (this.#replayable) return sliceStream(await this.#openPacked(), start, end);
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

  #openPacked(): ReadableStream<Bytes> | Promise<ReadableStream<Bytes>> {
    const packed = this.#packed;
    if (typeof packed === "function") return packed();
    if (packed instanceof Blob) return packed.stream();
    if (packed instanceof Uint8Array) return streamOf(packed);
    if (this.#consumed) {
      throw new GantryError("consumed", "read layer: it is a one-shot stream that has been read already");
    }
    this.#consumed = true;
    return packed;
  }
}

interface Facts {
  descriptor: Descriptor;
  diffID: Digest;
}
