import { type Bytes, streamOf } from "../bytes.ts";
import type { Content, Options, Origin, Part, Role, Source } from "../content/contracts.ts";
import { Once } from "../content/once.ts";
import { readDocument } from "../content/read.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { parseDocument } from "../spec/document.ts";
import { indexDepthLimit, type IndexManifest, parseIndex } from "../spec/manifest.ts";
import { isDocumentType, isIndexType } from "../spec/media_type.ts";
import { defaultPlatform, formatPlatform, type Platform, samePlatform, satisfies } from "../spec/platform.ts";
import { StoredBlob } from "./stored_blob.ts";
import { Image } from "./image.ts";
import { StoredImage } from "./stored_image.ts";

/**
 * An index: images for several platforms, other indexes, artifacts. Nothing is fetched until a method asks for it, and
 * then once.
 */
export class Index implements Part {
  /** Registries keep indexes as manifests. */
  readonly role: Role = "manifest";
  readonly #source: Source;
  readonly #descriptor: Descriptor;
  readonly #depth: number;
  readonly #document: Once<{ bytes: Bytes; index: IndexManifest }>;
  readonly #parts: Once<ReadonlyMap<Digest, Part>>;

  /** For `openRoot`, which makes indexes; `depth` counts those around this one. */
  constructor(source: Source, descriptor: Descriptor, document?: Bytes, depth = 0) {
    this.#source = source;
    this.#descriptor = descriptor;
    this.#depth = depth;
    this.#document = new Once((signal) => this.#read(document, signal));
    this.#parts = new Once((signal) => this.#makeParts({ signal }));
  }

  /** What is known of the index without any work. */
  get known(): Descriptor {
    return this.#descriptor;
  }

  /** Media type, digest and size. */
  descriptor(): Promise<Descriptor> {
    const { mediaType, digest, size } = this.#descriptor;
    return Promise.resolve({ mediaType, digest, size });
  }

  /** The digest of the index. */
  digest(): Promise<Digest> {
    return Promise.resolve(this.#descriptor.digest);
  }

  /** The media type of the index. */
  mediaType(): Promise<string> {
    return Promise.resolve(this.#descriptor.mediaType);
  }

  /** The size of the index in bytes. */
  size(): Promise<number> {
    return Promise.resolve(this.#descriptor.size);
  }

  /** The index, exactly as it is stored. */
  async rawManifest(options?: Options): Promise<Bytes> {
    return (await this.#document.get(options?.signal)).bytes.slice();
  }

  /** The index. */
  async indexManifest(options?: Options): Promise<IndexManifest> {
    return parseIndex(await this.rawManifest(options));
  }

  /**
   * An image of this index.
   *
   * @throws {GantryError} `not-found` when it names no such image.
   */
  async image(digest: Digest, options?: Options): Promise<Image> {
    const part = (await this.#parts.get(options?.signal)).get(digest);
    if (part instanceof Image) return part;
    throw new GantryError(
      "not-found",
      `find image ${digest}: index ${this.#descriptor.digest} names no such image`,
    );
  }

  /**
   * An index of this index.
   *
   * @throws {GantryError} `not-found` when it names no such index.
   */
  async imageIndex(digest: Digest, options?: Options): Promise<Index> {
    const part = (await this.#parts.get(options?.signal)).get(digest);
    if (part instanceof Index) return part;
    throw new GantryError(
      "not-found",
      `find index ${digest}: index ${this.#descriptor.digest} names no such index`,
    );
  }

  /**
   * The image for a platform, in this index or in those it names: the one made for just that platform, else the first
   * that satisfies it. As with crane, an image without a platform counts as linux/amd64.
   *
   * @throws {GantryError} `no-platform`, with the platforms there are.
   */
  async select(platform: Platform, options?: Options): Promise<Image> {
    const offered: string[] = [];
    let satisfying: Image | undefined;
    for await (const { image, platform: offer } of this.#offers(options)) {
      if (samePlatform(offer, platform)) return image;
      if (satisfies(offer, platform)) satisfying ??= image;
      offered.push(formatPlatform(offer));
    }
    if (satisfying) return satisfying;
    throw new GantryError(
      "no-platform",
      `select ${formatPlatform(platform)} of ${this.#descriptor.digest}: it offers ${
        offered.join(", ") || "nothing"
      }`,
    );
  }

  /** The images, indexes and blobs it names, each once. */
  async children(options?: Options): Promise<readonly Part[]> {
    return [...(await this.#parts.get(options?.signal)).values()];
  }

  /** Where the index came from. */
  async *origins(): AsyncGenerator<Origin, void, void> {
    yield* this.#source.origins?.(this.#descriptor) ?? [];
  }

  /** The index, to be written somewhere once its children are. */
  async content(): Promise<Content> {
    return {
      ...await this.descriptor(),
      replayable: true,
      open: async ({ signal } = {}) => streamOf(await this.rawManifest({ signal })),
    };
  }

  async #read(document: Bytes | undefined, signal: AbortSignal) {
    const { digest, mediaType } = this.#descriptor;
    if (this.#depth >= indexDepthLimit) {
      throw new GantryError(
        "too-large",
        `read index ${digest}: more than ${indexDepthLimit} indexes in one another`,
      );
    }
    const bytes = document ??
      await readDocument(this.#source, this.#descriptor, { role: "manifest", signal });
    const parsed = parseDocument(bytes, { mediaType, what: digest });
    if (parsed.kind !== "index") {
      throw new GantryError("invalid-document", `read ${digest}: it is ${parsed.mediaType}, not an index`);
    }
    return { bytes, index: parsed.index };
  }

  async #makeParts(options: Options): Promise<ReadonlyMap<Digest, Part>> {
    const { index } = await this.#document.get(options.signal);
    return new Map(index.manifests.map((descriptor) => [descriptor.digest, this.#part(descriptor)]));
  }

  #part(descriptor: Descriptor): Part {
    if (isIndexType(descriptor.mediaType)) {
      return new Index(this.#source, descriptor, undefined, this.#depth + 1);
    }
    if (isDocumentType(descriptor.mediaType)) return new Image(new StoredImage(this.#source, descriptor));
    return new StoredBlob(this.#source, descriptor);
  }

  async *#offers(options?: Options): AsyncGenerator<{ image: Image; platform: Platform }, void, void> {
    const { index } = await this.#document.get(options?.signal);
    const parts = await this.#parts.get(options?.signal);
    for (const descriptor of index.manifests) {
      const part = parts.get(descriptor.digest);
      if (part instanceof Index) yield* part.#offers(options);
      if (part instanceof Image) {
        yield { image: part, platform: descriptor.platform ?? defaultPlatform };
      }
    }
  }
}
