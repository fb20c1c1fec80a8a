import type { Bytes } from "../bytes.ts";
import { decompress } from "../codec/decode.ts";
import type { Address, Content, Options, Origin, Part, Role } from "../content/contracts.ts";
import { digesting } from "../digest/digesting.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import type { TarEntry } from "../tar/item.ts";
import { readTar } from "../tar/read.ts";

/** Where a layer's answers come from. */
export interface LayerBody {
  /** What is known of the compressed bytes without any work. */
  readonly known?: Address | undefined;
  /** What the compressed bytes are. */
  readonly mediaType: string;
  /** Media type, digest and size of the compressed bytes. */
  descriptor(options?: Options): Promise<Descriptor>;
  /** The digest of the tar; undefined when only the bytes can tell. */
  diffID(options?: Options): Promise<Digest | undefined>;
  /** The compressed bytes, verified. */
  open(options?: Options): Promise<ReadableStream<Bytes>>;
  /** The compressed bytes, to be written somewhere. */
  content(options?: Options): Promise<Content>;
  /** Where the bytes may be mounted from. */
  origins?(): AsyncIterable<Origin>;
}

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

  /** The bytes as they are stored and sent, verified. */
  compressed(options?: Options): Promise<ReadableStream<Bytes>> {
    return this.#body.open(options);
  }

  /** The tar. What the bytes are is told by their first ones: media types lie. */
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
