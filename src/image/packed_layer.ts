import { type Bytes, chunksOf, concat, observed, streamOfPieces } from "../bytes.ts";
import { decompress } from "../codec/decode.ts";
import { sniff, sniffLength } from "../codec/sniff.ts";
import { digesting } from "../digest/digesting.ts";
import { GantryError } from "../errors.ts";
import { Layer } from "./layer.ts";
import { LearnedLayer, type Tar } from "./learned_layer.ts";
import { layer, type LayerOptions, layerTypes } from "./made_layer.ts";

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

class PackedLayer extends LearnedLayer {
  /** The bytes as they are. The first time through, they are unpacked on the side to tell the diffID. */
  async open(): Promise<ReadableStream<Bytes>> {
    const bytes = await this.openTar();
    if (this.known) return bytes;
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
        this.learn({ size, digest }, (await plain.result).digest);
      },
      failed: (reason) => writer.abort(reason).catch(() => {}),
    });
  }

  /** Parts need no unpacking. */
  protected override async openWhole(): Promise<ReadableStream<Bytes>> {
    return await this.openTar();
  }
}
