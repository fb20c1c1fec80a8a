import type { Bytes } from "../bytes.ts";
import type { Address, Content, Options, Origin, Part, Role } from "../content/contracts.ts";
import { streamOf } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { type ConfigFile, parseConfig } from "../spec/config.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { type Manifest, parseManifest } from "../spec/manifest.ts";
import type { Edit } from "./edit.ts";
import { EditedImage } from "./edited_image.ts";
import { append, type LayerDetails } from "./edits/append.ts";
import { type Configure, configure } from "./edits/configure.ts";
import type { ImageBody } from "./image_body.ts";
import type { Layer } from "./layer.ts";

/**
 * An image: a manifest, a config and layers, wherever they are. Nothing is fetched, hashed or compressed until a method
 * asks for it, and then once.
 *
 * An edit (`append`, `configure`, {@link Edit}) is a new image whose documents are worked out when they are asked for; fields that
 * Gantry does not know and the order of keys stay as they are.
 *
 * @example
 * ```ts
 * import { emptyImage, layer } from "@gantry/oci/image";
 *
 * const image = emptyImage()
 *   .append(layer(new Uint8Array(1024), { compression: "none" }))
 *   .configure({ cmd: ["/app"] });
 * console.log((await image.config()).config?.Cmd, await image.digest());
 * ```
 */
export class Image implements Part {
  /** Registries keep images as manifests. */
  readonly role: Role = "manifest";
  readonly #body: ImageBody;

  /** For the functions that make images: `openImage`, `emptyImage`. */
  constructor(body: ImageBody) {
    this.#body = body;
  }

  /** What is known of the manifest without any work. */
  get known(): Address | undefined {
    return this.#body.known;
  }

  /** Media type, digest and size of the manifest. */
  descriptor(options?: Options): Promise<Descriptor> {
    return this.#body.descriptor(options);
  }

  /** The digest of the manifest: the image's name for ever. */
  async digest(options?: Options): Promise<Digest> {
    return (await this.descriptor(options)).digest;
  }

  /** The media type of the manifest. */
  async mediaType(options?: Options): Promise<string> {
    return (await this.descriptor(options)).mediaType;
  }

  /** The size of the manifest in bytes. */
  async size(options?: Options): Promise<number> {
    return (await this.descriptor(options)).size;
  }

  /** The manifest, exactly as it is stored. */
  rawManifest(options?: Options): Promise<Bytes> {
    return this.#body.rawManifest(options);
  }

  /** The manifest. */
  async manifest(options?: Options): Promise<Manifest> {
    return parseManifest(await this.rawManifest(options));
  }

  /** The digest of the config, which Docker calls the image's ID. */
  async configName(options?: Options): Promise<Digest> {
    return (await this.manifest(options)).config.digest;
  }

  /** The config, exactly as it is stored. */
  rawConfigFile(options?: Options): Promise<Bytes> {
    return this.#body.rawConfigFile(options);
  }

  /**
   * The config.
   *
   * @throws {GantryError} `invalid-document` when it is an artifact's and no image config.
   */
  async configFile(options?: Options): Promise<ConfigFile> {
    return parseConfig(await this.rawConfigFile(options));
  }

  /** The config, by its short name: the same as {@link Image.configFile}. */
  config(options?: Options): Promise<ConfigFile> {
    return this.configFile(options);
  }

  /** The layers, base first. */
  layers(options?: Options): Promise<readonly Layer[]> {
    return this.#body.layers(options);
  }

  /**
   * The layer whose compressed bytes have this digest.
   *
   * @throws {GantryError} `not-found`.
   */
  async layerByDigest(digest: Digest, options?: Options): Promise<Layer> {
    for (const layer of await this.layers(options)) if (await layer.digest(options) === digest) return layer;
    throw new GantryError("not-found", `find layer ${digest}: the image has no such layer`);
  }

  /**
   * The layer whose uncompressed tar has this digest.
   *
   * @throws {GantryError} `not-found`.
   */
  async layerByDiffID(diffID: Digest, options?: Options): Promise<Layer> {
    for (const layer of await this.layers(options)) if (await layer.diffID(options) === diffID) return layer;
    throw new GantryError("not-found", `find layer with diffID ${diffID}: the image has no such layer`);
  }

  /** A new image with one change: `append`, `configure`, or one of your own. */
  edit(edit: Edit): Image {
    return new Image(new EditedImage(this.#body, edit));
  }

  /** A new image with one more layer on top. */
  append(layer: Layer, details?: LayerDetails): Image {
    return this.edit(append(layer, details));
  }

  /** A new image whose config says these things; what is not named stays as it is. */
  configure(changes: Configure): Image {
    return this.edit(configure(changes));
  }

  /** The layers and the config. */
  async children(options?: Options): Promise<readonly Part[]> {
    return await this.#body.children?.(options) ??
      [...await this.layers(options), await this.#body.configPart(options)];
  }

  /** The config, to be written somewhere. */
  configPart(options?: Options): Promise<Part> {
    return this.#body.configPart(options);
  }

  /** Where the manifest came from. */
  async *origins(): AsyncGenerator<Origin, void, void> {
    yield* this.#body.origins?.() ?? [];
  }

  /** The manifest, to be written somewhere once its children are. */
  async content(options?: Options): Promise<Content> {
    const { platform } = this.known ?? {};
    return {
      ...await this.descriptor(options),
      ...(platform && { platform }),
      replayable: true,
      open: async ({ signal } = {}) => streamOf(await this.rawManifest({ signal })),
    };
  }
}
