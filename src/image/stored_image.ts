import type { Bytes } from "../bytes.ts";
import { readAll } from "../bytes.ts";
import type { Address, Options, Origin, Part, Source } from "../content/contracts.ts";
import { Once } from "../content/once.ts";
import { documentLimit, readDocument } from "../content/read.ts";
import { GantryError } from "../errors.ts";
import { parseConfig } from "../spec/config.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { parseDocument } from "../spec/document.ts";
import type { Manifest } from "../spec/manifest.ts";
import { isConfigType } from "../spec/media_type.ts";
import { StoredBlob } from "./stored_blob.ts";
import type { ImageBody } from "./image_body.ts";
import { Layer } from "./layer.ts";
import { StoredLayer } from "./stored_layer.ts";

/** An image that is in a source already. */
export class StoredImage implements ImageBody {
  readonly #source: Source;
  readonly #descriptor: Descriptor;
  readonly #document: Once<{ bytes: Bytes; manifest: Manifest }>;
  readonly #config: Once<Bytes>;
  readonly #parts: Once<{ layers: readonly Layer[]; config: StoredBlob }>;

  constructor(source: Source, descriptor: Descriptor, document?: Bytes) {
    this.#source = source;
    this.#descriptor = descriptor;
    this.#document = new Once((signal) => this.#readManifest(document, signal));
    this.#parts = new Once((signal) => this.#makeParts({ signal }));
    this.#config = new Once((signal) => this.#readConfig({ signal }));
  }

  get known(): Address {
    return this.#descriptor;
  }

  descriptor(): Promise<Descriptor> {
    const { mediaType, digest, size } = this.#descriptor;
    return Promise.resolve({ mediaType, digest, size });
  }

  async rawManifest(options?: Options): Promise<Bytes> {
    return (await this.#document.get(options?.signal)).bytes.slice();
  }

  async rawConfigFile(options?: Options): Promise<Bytes> {
    return (await this.#config.get(options?.signal)).slice();
  }

  async configPart(options?: Options): Promise<Part> {
    return (await this.#parts.get(options?.signal)).config;
  }

  async layers(options?: Options): Promise<readonly Layer[]> {
    return (await this.#parts.get(options?.signal)).layers;
  }

  async *origins(): AsyncGenerator<Origin, void, void> {
    yield* this.#source.origins?.(this.#descriptor) ?? [];
  }

  async #readManifest(document: Bytes | undefined, signal: AbortSignal) {
    const { digest, mediaType } = this.#descriptor;
    const bytes = document ??
      await readDocument(this.#source, this.#descriptor, { role: "manifest", signal });
    const parsed = parseDocument(bytes, { mediaType, what: digest });
    if (parsed.kind !== "manifest") {
      throw new GantryError(
        "unsupported",
        `read ${digest}: it is ${parsed.mediaType}, not an image manifest`,
      );
    }
    return { bytes, manifest: parsed.manifest };
  }

  async #makeParts(options: Options) {
    const { manifest } = await this.#document.get(options.signal);
    const config = new StoredBlob(this.#source, manifest.config);
    const hasDiffIDs = isConfigType(manifest.config.mediaType);
    const layers = manifest.layers.map((descriptor, index) => {
      const diffID = (o?: Options) =>
        hasDiffIDs ? this.#diffID(index, manifest.layers.length, o) : noDiffID();
      return new Layer(new StoredLayer(new StoredBlob(this.#source, descriptor), diffID));
    });
    return { layers, config };
  }

  async #readConfig(options: Options): Promise<Bytes> {
    const { config } = await this.#parts.get(options.signal);
    const { digest, size } = config.descriptor;
    if (size > documentLimit) {
      throw new GantryError(
        "too-large",
        `read config ${digest}: ${size} bytes, the limit is ${documentLimit}`,
      );
    }
    return await readAll(await config.open(options), { limit: documentLimit, what: digest, ...options });
  }

  async #diffID(index: number, count: number, options?: Options): Promise<Digest> {
    const { rootfs } = parseConfig(await this.#config.get(options?.signal));
    if (rootfs.diff_ids.length !== count) {
      throw new GantryError(
        "invalid-document",
        `read config of ${this.#descriptor.digest}: ${rootfs.diff_ids.length} diffIDs for ${count} layers`,
      );
    }
    return rootfs.diff_ids[index]!;
  }
}

function noDiffID(): Promise<undefined> {
  return Promise.resolve(undefined);
}
