import { type Bytes, streamOf } from "../bytes.ts";
import type { Address, Content, Options, Origin, Part, Role } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { type IndexManifest, parseIndex } from "../spec/manifest.ts";
import { defaultPlatform, formatPlatform, type Platform, samePlatform, satisfies } from "../spec/platform.ts";
import { EditedIndex } from "./edited_index.ts";
import { Image } from "./image.ts";
import type { IndexBody, IndexEntry } from "./index_body.ts";
import type { IndexEdit } from "./index_edit.ts";

/**
 * An index: images for several platforms, other indexes, artifacts. Nothing is fetched or hashed until a method asks
 * for it, and then once.
 *
 * An edit is a new index whose document is worked out when it is asked for; fields that Gantry does not know and the
 * order of keys stay as they are.
 *
 * @example
 * ```ts
 * import { addManifest, emptyImage, emptyIndex } from "@gantry/oci/image";
 *
 * const platform = { os: "linux", architecture: "arm64" };
 * const index = emptyIndex().edit(addManifest(emptyImage(platform), { platform }));
 * console.log(await (await index.select(platform)).digest());
 * ```
 */
export class Index implements Part {
  /** Registries keep indexes as manifests. */
  readonly role: Role = "manifest";
  readonly #body: IndexBody;

  /** For the functions that make indexes: `openRoot`, `emptyIndex`. */
  constructor(body: IndexBody) {
    this.#body = body;
  }

  /** What is known of the index without any work. */
  get known(): Address | undefined {
    return this.#body.known;
  }

  /** Media type, digest and size. */
  descriptor(options?: Options): Promise<Descriptor> {
    return this.#body.descriptor(options);
  }

  /** The digest of the index. */
  async digest(options?: Options): Promise<Digest> {
    return (await this.descriptor(options)).digest;
  }

  /** The media type of the index. */
  async mediaType(options?: Options): Promise<string> {
    return (await this.descriptor(options)).mediaType;
  }

  /** The size of the index in bytes. */
  async size(options?: Options): Promise<number> {
    return (await this.descriptor(options)).size;
  }

  /** The index, exactly as it is stored. */
  rawManifest(options?: Options): Promise<Bytes> {
    return this.#body.rawManifest(options);
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
    for (const { part } of await this.#body.entries(options)) {
      if (part instanceof Image && await part.digest(options) === digest) return part;
    }
    throw new GantryError("not-found", `find image ${digest}: ${this.#what} names no such image`);
  }

  /**
   * An index of this index.
   *
   * @throws {GantryError} `not-found` when it names no such index.
   */
  async imageIndex(digest: Digest, options?: Options): Promise<Index> {
    for (const { part } of await this.#body.entries(options)) {
      if (part instanceof Index && await part.digest(options) === digest) return part;
    }
    throw new GantryError("not-found", `find index ${digest}: ${this.#what} names no such index`);
  }

  /**
   * The image for a platform, in this index or in those it names: the one made for just that platform, else the first
   * that satisfies it. As with crane, an image without a platform counts as linux/amd64.
   *
   * @param platform Default: linux/amd64.
   * @throws {GantryError} `no-platform`, with the platforms there are.
   */
  async select(platform: Platform = defaultPlatform, options?: Options): Promise<Image> {
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
      `select ${formatPlatform(platform)} of ${this.known?.digest ?? "an index"}: it offers ${
        offered.join(", ") || "nothing"
      }`,
    );
  }

  /** A new index with one change: `addManifest`, or one of your own. */
  edit(edit: IndexEdit): Index {
    return new Index(new EditedIndex(this.#body, edit));
  }

  /** What it names, in order and with duplicates, and what it says of each. */
  entries(options?: Options): Promise<readonly IndexEntry[]> {
    return this.#body.entries(options);
  }

  /** The images, indexes and blobs it names, in order; what it names twice is there twice. */
  async children(options?: Options): Promise<readonly Part[]> {
    return (await this.#body.entries(options)).map(({ part }) => part);
  }

  /** Where the index came from. */
  async *origins(): AsyncGenerator<Origin, void, void> {
    yield* this.#body.origins?.() ?? [];
  }

  /** The index, to be written somewhere once its children are. */
  async content(options?: Options): Promise<Content> {
    return {
      ...await this.descriptor(options),
      replayable: true,
      open: async ({ signal } = {}) => streamOf(await this.rawManifest({ signal })),
    };
  }

  get #what(): string {
    return this.known ? `index ${this.known.digest}` : "the index";
  }

  async *#offers(options?: Options): AsyncGenerator<{ image: Image; platform: Platform }, void, void> {
    for (const { part, platform = defaultPlatform } of await this.#body.entries(options)) {
      if (part instanceof Index) yield* part.#offers(options);
      if (part instanceof Image) yield { image: part, platform };
    }
  }
}
