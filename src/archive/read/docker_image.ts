import { type Bytes, readAll } from "../../bytes.ts";
import { decompress } from "../../codec/decode.ts";
import { type Compression, sniff, sniffLength } from "../../codec/sniff.ts";
import { digestBytes, digesting } from "../../digest/mod.ts";
import { GantryError } from "../../errors.ts";
import { parseConfig } from "../../spec/config.ts";
import type { Descriptor } from "../../spec/descriptor.ts";
import { algorithmOf, type Digest } from "../../spec/digest.ts";
import { formatJson } from "../../spec/json.ts";
import { dockerType, isForeignType, mediaTypes, ociType } from "../../spec/media_type.ts";
import type { Contents, File } from "./contents.ts";
import type { SavedImage } from "./docker_manifest.ts";

/** An image of `docker save` as others know images: with a manifest. */
export interface MadeImage {
  /** The manifest's. */
  readonly descriptor: Descriptor;
  readonly manifest: Bytes;
  /** Where the config and the layers are. */
  readonly files: ReadonlyMap<Digest, File>;
}

/** In whose words the manifests are that are made. */
export type ManifestTypes = "docker" | "oci";

/** What is known of a config. */
export interface SavedConfig {
  readonly descriptor: Descriptor;
  readonly file: File;
  readonly diffIDs: readonly Digest[];
}

/** How many diffIDs are remembered. */
const mostKnown = 1_000_000;

/** Makes images of what `docker save` wrote. What several images share is read once. */
export class ImageMaker {
  readonly #contents: Contents;
  readonly #what: string;
  /** By where they begin in the archive. */
  readonly #configs = new Map<number, SavedConfig>();
  readonly #packed = new Map<string, Digest>();
  readonly #typeOf: (mediaType: string) => string;
  #known = 0;

  constructor(contents: Contents, what: string, types: ManifestTypes) {
    this.#contents = contents;
    this.#what = what;
    this.#typeOf = types === "oci" ? ociType : (mediaType) => mediaType;
  }

  /**
   * Makes the manifest of an image that has none. What is compressed is read once, as only its bytes tell its digest; a
   * layer that is not has the digest that the config names, and is held to it when it is read.
   *
   * @throws {GantryError} `invalid-archive`, `invalid-document`, `digest-mismatch` for a layer that is not the config's.
   */
  async make(image: SavedImage, signal?: AbortSignal): Promise<MadeImage> {
    const { descriptor: config, file, diffIDs } = await this.config(image, signal);
    if (diffIDs.length !== image.layers.length) {
      throw new GantryError(
        "invalid-archive",
        `read ${this.#what}: manifest.json has ${image.layers.length} layers where ${
          JSON.stringify(image.config)
        } has ${diffIDs.length} diffIDs`,
      );
    }
    const files = new Map<Digest, File>([[config.digest, file]]);
    const layers: Descriptor[] = [];
    for (const [i, diffID] of diffIDs.entries()) {
      const { descriptor, file } = await this.#layer(image, i, diffID, signal);
      layers.push(descriptor);
      if (file) files.set(descriptor.digest, file);
    }
    // The words and their order are those of go-containerregistry, so that both push the same manifest.
    const mediaType = this.#typeOf(mediaTypes.dockerManifest);
    const manifest = formatJson({ schemaVersion: 2, mediaType, config, layers });
    const digest = await digestBytes(manifest);
    return { descriptor: { mediaType, digest, size: manifest.byteLength }, manifest, files };
  }

  /** The config of an image. */
  async config({ config }: SavedImage, signal?: AbortSignal): Promise<SavedConfig> {
    const file = this.#require(config, "config");
    const known = this.#configs.get(file.start);
    if (known) return known;
    const bytes = await this.#contents.read(file, { signal });
    const descriptor = {
      mediaType: this.#typeOf(mediaTypes.dockerConfig),
      size: file.size,
      digest: await digestBytes(bytes),
    };
    const { rootfs } = parseConfig(bytes, `${JSON.stringify(config)} in ${this.#what}`);
    const found = { descriptor, file, diffIDs: rootfs.diff_ids };
    this.#known += found.diffIDs.length;
    if (this.#known > mostKnown) this.#configs.clear();
    this.#configs.set(file.start, found);
    return found;
  }

  async #layer(
    image: SavedImage,
    i: number,
    diffID: Digest,
    signal?: AbortSignal,
  ): Promise<{ descriptor: Descriptor; file?: File }> {
    const path = image.layers[i]!;
    const source = image.sources.get(diffID);
    const foreign = source && isForeignType(source.mediaType) ? this.#foreignLayer(source) : undefined;
    if (foreign && !this.#contents.find(path)) return { descriptor: foreign };
    const file = this.#require(path, `layer ${i}`);
    if (foreign?.size === file.size) return { descriptor: foreign, file };
    const head = this.#contents.open(file, { end: sniffLength }, signal);
    const compression = sniff(await readAll(head, { limit: sniffLength, what: this.#what }));
    const mediaType = types[compression];
    const quoted = `layer ${i}, ${JSON.stringify(path)}, of ${this.#what}`;
    if (!mediaType) throw new GantryError("unsupported", `read ${quoted}: ${compression} is not supported`);
    const digest = compression === "plain" ? diffID : await this.#hashPacked(file, diffID, quoted, signal);
    return { descriptor: { mediaType: this.#typeOf(mediaType), size: file.size, digest }, file };
  }

  /** The digest of a compressed layer, whose tar must be the one that the config names. */
  async #hashPacked(file: File, diffID: Digest, what: string, signal?: AbortSignal): Promise<Digest> {
    const key = `${file.start} ${diffID}`;
    const known = this.#packed.get(key);
    if (known) return known;
    const packed = digesting();
    const plain = digesting(algorithmOf(diffID));
    await this.#contents.open(file, {}, signal)
      .pipeThrough(packed.stream)
      .pipeThrough(decompress({ what }))
      .pipeThrough(plain.stream)
      .pipeTo(new WritableStream(), { signal });
    const found = (await plain.result).digest;
    if (found !== diffID) {
      throw new GantryError(
        "digest-mismatch",
        `read ${what}: its diffID is ${found}, the config says ${diffID}`,
      );
    }
    const { digest } = await packed.result;
    this.#packed.set(key, digest);
    return digest;
  }

  #foreignLayer({ mediaType, digest, size, urls }: Descriptor): Descriptor {
    return { mediaType: this.#typeOf(dockerType(mediaType)), size, digest, ...(urls && { urls }) };
  }

  #require(path: string, part: string): File {
    const file = this.#contents.find(path);
    if (file) return file;
    throw new GantryError(
      "invalid-archive",
      `read ${this.#what}: manifest.json names ${JSON.stringify(path)} as ${part}, which is not there`,
    );
  }
}

const types: Partial<Record<Compression, string>> = {
  plain: mediaTypes.dockerLayer,
  gzip: mediaTypes.dockerLayerGzip,
  zstd: mediaTypes.dockerLayerZstd,
};
