import type { Options, Part } from "../content/contracts.ts";
import { Slots } from "../content/slots.ts";
import { GantryError } from "../errors.ts";
import type { ConfigFile } from "../spec/config.ts";
import type { Digest } from "../spec/digest.ts";
import { isConfigType, isForeignType } from "../spec/media_type.ts";
import { formatPlatform, type Platform } from "../spec/platform.ts";
import type { Finding } from "./finding.ts";
import { Image } from "./image.ts";
import { Index } from "./index.ts";
import type { IndexEntry } from "./index_body.ts";
import type { Layer } from "./layer.ts";
import { findInLayer } from "./validate_layer.ts";

/** How to validate. */
export interface ValidateOptions extends Options {
  /** Only checks that the layers are there, and does not read them. Default: false. */
  fast?: boolean | undefined;
  /** How many layers are read at once. Default: 6. */
  concurrency?: number | undefined;
}

/**
 * Reads all of an image, or of an index and its images, and lists what is wrong: documents and blobs that do not have
 * their digest or size, layers that are no tars or not those that the config names, names in them that are there twice
 * or lead out, a history or a platform that does not fit. The list is empty when nothing is wrong. Each layer is read
 * once, several at a time.
 *
 * @throws What does not come from the image, such as the reason of an abort.
 *
 * @example
 * ```ts
 * import { emptyImage, validate } from "@gantry/oci/image";
 *
 * console.log(await validate(emptyImage())); // []
 * ```
 */
export async function validate(image: Image | Index, options: ValidateOptions = {}): Promise<Finding[]> {
  const validation = new Validation(options);
  return await validation.noted(() => validation.part(image));
}

class Validation {
  readonly #options: ValidateOptions;
  readonly #slots: Slots;
  /** What is found in layers, by their digest and diffID: the images of an index share them. */
  readonly #layers = new Map<string, Promise<Finding[]>>();

  constructor(options: ValidateOptions) {
    this.#options = options;
    this.#slots = new Slots(options.concurrency ?? 6);
  }

  async part(part: Part, platform?: Platform): Promise<Finding[]> {
    const { signal } = this.#options;
    if (part instanceof Image) return await this.#image(part, platform);
    if (part instanceof Index) return await this.#index(part);
    const bytes = await (await part.content({ signal })).open({ signal });
    await bytes.pipeTo(new WritableStream(), { signal });
    return [];
  }

  /** Does some work, and adds the error that it throws to what it finds. */
  async noted(work: () => Promise<Finding[]>): Promise<Finding[]> {
    try {
      return await work();
    } catch (error) {
      if (!GantryError.is(error)) throw error;
      return [{ code: error.code, message: error.message }];
    }
  }

  async #index(index: Index): Promise<Finding[]> {
    const seen = new Set<Digest>();
    const entries = (await index.entries({ signal: this.#options.signal })).filter(({ part }) => {
      const digest = part.known?.digest;
      if (digest === undefined) return true;
      return !seen.has(digest) && seen.add(digest); // an index may name an image twice
    });
    return (await Promise.all(entries.map((entry) => this.#entry(entry)))).flat();
  }

  async #entry({ part, platform }: IndexEntry): Promise<Finding[]> {
    const manifest = part.known?.digest;
    const found = await this.noted(() => this.part(part, platform));
    return found.map((finding) => ({ ...finding, manifest, message: `${manifest}: ${finding.message}` }));
  }

  async #image(image: Image, platform: Platform | undefined): Promise<Finding[]> {
    const { signal } = this.#options;
    const isImage = isConfigType((await image.manifest({ signal })).config.mediaType);
    const layers = await image.layers({ signal });
    let config: ConfigFile | undefined;
    const found = await this.noted(async () => {
      if (!isImage) await image.rawConfigFile({ signal });
      else config = await image.configFile({ signal });
      return config ? [...findInConfig(config, layers.length), ...findPlatform(config, platform)] : [];
    });
    const diffIDs = isImage ? config?.rootfs.diff_ids ?? [] : undefined;
    const inLayers = await Promise.all(
      layers.map((layer, i) => this.#layer(layer, i, diffIDs?.[i], isImage)),
    );
    return [...found, ...inLayers.flat()];
  }

  async #layer(layer: Layer, i: number, diffID: Digest | undefined, isTar: boolean): Promise<Finding[]> {
    if (isForeignType(layer.mediaType())) return [];
    const key = `${layer.known?.digest} ${diffID} ${isTar}`;
    const finding = (layer.known && this.#layers.get(key)) ??
      this.#slots.run(() => this.noted(() => this.#read(layer, diffID, isTar)), this.#options.signal);
    this.#layers.set(key, finding);
    return (await finding).map((one) => ({ ...one, layer: i, message: `layer ${i}: ${one.message}` }));
  }

  async #read(layer: Layer, diffID: Digest | undefined, isTar: boolean): Promise<Finding[]> {
    const { fast, signal } = this.#options;
    if (isTar && !fast) return await findInLayer(layer, diffID, { signal });
    const bytes = await layer.compressed({ signal });
    await (fast ? bytes.cancel() : bytes.pipeTo(new WritableStream(), { signal }));
    return [];
  }
}

function* findInConfig({ rootfs, history }: ConfigFile, layers: number): Generator<Finding> {
  const diffIDs = rootfs.diff_ids.length;
  if (diffIDs !== layers) {
    yield { code: "wrong-layers", message: `${layers} layers, but the config has ${diffIDs} diffIDs` };
  }
  const recorded = (history ?? []).filter(({ empty_layer }) => !empty_layer).length;
  if (history?.length && recorded !== layers) {
    yield { code: "wrong-history", message: `${layers} layers, but the history has ${recorded}` };
  }
}

/** What an index says of the platform is what makes somebody choose the image. */
function* findPlatform(config: ConfigFile, platform: Platform | undefined): Generator<Finding> {
  if (!platform || platform.os === "unknown") return;
  const { os, architecture } = config;
  if (os === platform.os && architecture === platform.architecture) return;
  yield {
    code: "wrong-platform",
    message: `the index has it for ${formatPlatform(platform)}, but its config is for ${
      formatPlatform({ os, architecture }) || "none"
    }`,
  };
}
