import type { Bytes } from "../bytes.ts";
import { decompress } from "../codec/decode.ts";
import type { Address, Content, Options, Origin, Part, Role } from "../content/contracts.ts";
import { type RangeOptions, readRange } from "../content/range.ts";
import { digesting } from "../digest/digesting.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import type { TarEntry } from "../tar/item.ts";
import { readTar } from "../tar/read.ts";
import type { LayerBody } from "./layer_body.ts";

/**
 * One layer of an image's file system. Nothing is read, hashed or compressed until a method asks for it.
 *
 * A layer made from a one-shot stream answers `not-computed` to what only its bytes can tell until it has been
 * written somewhere, and `consumed` to a second reading.
 */
export class Layer implements Part {
  /** Registries keep layers as blobs. */
  readonly role: Role = "blob";
  readonly #body: LayerBody;

  /** For the functions that make layers: `layer`, and images of theirs. */
  constructor(body: LayerBody) {
    this.#body = body;
  }

  /** What is known of the compressed bytes without any work. */
  get known(): Address | undefined {
    return this.#body.known;
  }

  /** What the compressed bytes are. */
  mediaType(): string {
    return this.#body.mediaType;
  }

  /** Media type, digest and size of the compressed bytes. */
  descriptor(options?: Options): Promise<Descriptor> {
    return this.#body.descriptor(options);
  }

  /** The digest of the compressed bytes. */
  async digest(options?: Options): Promise<Digest> {
    return (await this.descriptor(options)).digest;
  }

  /** How many compressed bytes there are. */
  async size(options?: Options): Promise<number> {
    return (await this.descriptor(options)).size;
  }

  /** The digest of the uncompressed tar, as the config names it. */
  async diffID(options?: Options): Promise<Digest> {
    return await this.#body.diffID(options) ?? await this.#hashUncompressed(options);
  }

  /** The diffID that is written down somewhere; undefined when only reading the layer would tell. */
  async recordedDiffID(options?: Options): Promise<Digest | undefined> {
    return this.known && await this.#body.diffID(options);
  }

  /** The bytes as they are stored and sent, verified. */
  compressed(options?: Options): Promise<ReadableStream<Bytes>> {
    return this.#body.open(options);
  }

  /**
   * Part of the bytes as they are stored, from `start` up to `end`: verified by the `digest` that a table of contents
   * gives for this part, or with `unverified: true` as they come. There are just as many as asked for either way. Only
   * these are fetched, where the place that has the layer can do so.
   *
   * @throws {GantryError} `size-mismatch` and `digest-mismatch`, from the stream or at once; `unsupported` for a one-shot
   * stream.
   *
   * @example
   * ```ts
   * import { layer } from "@gantry/oci/image";
   *
   * const tar = layer(new Uint8Array(1024), { compression: "none" });
   * const header = await tar.range(0, 512, { unverified: true });
   * console.log((await new Response(header).bytes()).length); // 512
   * ```
   */
  range(start: number, end: number, options: RangeOptions): Promise<ReadableStream<Bytes>> {
    return readRange(
      { start, end, size: this.known?.size, what: this.#what },
      options,
      (range) => this.#body.openRange(range.start, range.end, { signal: range.signal }),
    );
  }

  /** The tar. The first bytes tell how it is compressed, as media types lie. */
  async uncompressed(options?: Options): Promise<ReadableStream<Bytes>> {
    return (await this.compressed(options)).pipeThrough(decompress({ what: this.#what }));
  }

  /** The entries of the tar, in order. */
  async *entries(options?: Options): AsyncGenerator<TarEntry, void, void> {
    yield* readTar(await this.uncompressed(options), { what: this.#what, signal: options?.signal });
  }

  /** Where the bytes may be mounted from. */
  async *origins(): AsyncGenerator<Origin, void, void> {
    yield* this.#body.origins?.() ?? [];
  }

  /** Layers name nothing. */
  children(): Promise<readonly Part[]> {
    return Promise.resolve([]);
  }

  /** The bytes, to be written somewhere. */
  content(options?: Options): Promise<Content> {
    return this.#body.content(options);
  }

  get #what(): string {
    return this.known ? `layer ${this.known.digest}` : "layer";
  }

  async #hashUncompressed(options?: Options): Promise<Digest> {
    const { stream, result } = digesting();
    const hashed = (await this.uncompressed(options)).pipeThrough(stream);
    await hashed.pipeTo(new WritableStream(), { signal: options?.signal });
    return (await result).digest;
  }
}
