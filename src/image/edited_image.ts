import { type Bytes, sameBytes, streamOf } from "../bytes.ts";
import type { Content, Options, Part, Role } from "../content/contracts.ts";
import { Once } from "../content/once.ts";
import { digestBytes } from "../digest/hasher.ts";
import { parseConfig } from "../spec/config.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { type Manifest, parseManifest } from "../spec/manifest.ts";
import { dockerType, isConfigType, isDockerType, ociType } from "../spec/media_type.ts";
import { changeDocument } from "./change_document.ts";
import type { Edit, EditContext, LayerEntry } from "./edit.ts";
import type { ImageBody } from "./image_body.ts";
import type { Layer } from "./layer.ts";
import { RetypedConfig, retypedLayer } from "./retyped.ts";

/** An image made from another image and one edit. */
export class EditedImage implements ImageBody {
  readonly #base: ImageBody;
  readonly #edit: Edit;
  readonly #entries: Once<{ before: readonly LayerEntry[]; layers: readonly LayerEntry[] }>;
  readonly #parts: Once<{ layers: readonly Layer[]; config: Part }>;
  readonly #config: Once<Bytes>;
  readonly #manifest: Once<Bytes>;
  readonly #descriptor: Once<Descriptor>;

  constructor(base: ImageBody, edit: Edit) {
    this.#base = base;
    this.#edit = edit;
    this.#entries = new Once((signal) => this.#editLayers({ signal }));
    this.#parts = new Once((signal) => this.#makeParts({ signal }));
    this.#config = new Once((signal) => this.#editConfig({ signal }));
    this.#manifest = new Once((signal) => this.#editManifest({ signal }));
    this.#descriptor = new Once((signal) => this.#describe({ signal }));
  }

  descriptor(options?: Options): Promise<Descriptor> {
    return this.#descriptor.get(options?.signal);
  }

  async rawManifest(options?: Options): Promise<Bytes> {
    return (await this.#manifest.get(options?.signal)).slice();
  }

  async rawConfigFile(options?: Options): Promise<Bytes> {
    return (await this.#config.get(options?.signal)).slice();
  }

  async layers(options?: Options): Promise<readonly Layer[]> {
    return (await this.#parts.get(options?.signal)).layers;
  }

  async configPart(options?: Options): Promise<Part> {
    return (await this.#parts.get(options?.signal)).config;
  }

  async #editLayers(options: Options) {
    const before = (await this.#base.layers(options)).map((layer, index) => ({ layer, index }));
    return { before, layers: await this.#edit.layers?.(before, options) ?? before };
  }

  async #makeParts(options: Options): Promise<{ layers: readonly Layer[]; config: Part }> {
    await this.#checkBase(options);
    const { layers: entries } = await this.#entries.get(options.signal);
    const layers = entries.map(({ layer }) => retypedLayer(layer, this.#typeOf(layer.mediaType())));
    const below = await this.#base.configPart(options);
    const before = await configType(below, options);
    const mediaType = this.#typeOf(before);
    if (await this.#changesConfig(options)) {
      return { layers, config: new EditedConfig(mediaType, this.#config, layers) };
    }
    return { layers, config: mediaType === before ? below : new RetypedConfig(below, mediaType) };
  }

  /** Refuses what cannot be edited before its layers are written. */
  async #checkBase(options: Options): Promise<void> {
    this.#typeOf(await this.#baseType(options));
    if (this.#base instanceof EditedImage) return;
    parseManifest(await this.#base.rawManifest(options));
    if (await this.#changesConfig(options)) parseConfig(await this.#base.rawConfigFile(options));
  }

  /** The media type of the image below, unless only the writing of its layers tells more. */
  async #baseType(options: Options): Promise<string> {
    return this.#base instanceof EditedImage
      ? await this.#base.manifestType(options)
      : (await this.#base.descriptor(options)).mediaType;
  }

  /** The manifest's media type, which is known before the layers are written. */
  async manifestType(options: Options): Promise<string> {
    return this.#typeOf(await this.#baseType(options));
  }

  #typeOf(mediaType: string): string {
    return this.#edit.mediaType?.(mediaType) ?? mediaType;
  }

  async #changesConfig(options: Options): Promise<boolean> {
    if (!this.#edit.config) return false;
    if (!this.#edit.keepsArtifactConfig) return true;
    return isConfigType(await configType(await this.#base.configPart(options), options));
  }

  async #editConfig(options: Options): Promise<Bytes> {
    const raw = await this.#base.rawConfigFile(options);
    if (!await this.#changesConfig(options)) return raw;
    const context = await this.#context(options);
    return await changeDocument(raw, parseConfig(raw), (config) => this.#edit.config?.(config, context));
  }

  async #editManifest(options: Options): Promise<Bytes> {
    const raw = await this.#base.rawManifest(options);
    const context = await this.#context(options);
    return await changeDocument(raw, parseManifest(raw), async (manifest) => {
      await this.#nameConfig(manifest, options);
      if (this.#edit.layers) await this.#nameLayers(manifest, context);
      if (this.#edit.mediaType) await this.#nameTypes(manifest, options);
      await this.#edit.manifest?.(manifest, context);
    });
  }

  async #nameConfig({ config }: Manifest, options: Options): Promise<void> {
    const bytes = await this.#config.get(options.signal);
    if (sameBytes(bytes, await this.#base.rawConfigFile(options))) return;
    config.digest = await digestBytes(bytes);
    config.size = bytes.byteLength;
    delete config.data;
  }

  async #nameLayers(manifest: Manifest, { layers, signal }: EditContext): Promise<void> {
    const before = manifest.layers;
    const docker = isDockerType(await this.#baseType({ signal }));
    manifest.layers = [];
    for (const { layer, index, replaces } of layers) {
      const known = index === undefined ? undefined : before[index];
      const replaced = replaces === undefined ? undefined : withoutBytes(before[replaces]!);
      manifest.layers.push(known ?? { ...replaced, ...await describeLayer(layer, docker, { signal }) });
    }
  }

  async #nameTypes(manifest: Manifest, options: Options): Promise<void> {
    const before = await this.#baseType(options);
    const mediaType = this.#typeOf(before);
    if (mediaType !== before) manifest.mediaType = mediaType;
    for (const descriptor of [manifest.config, ...manifest.layers]) {
      descriptor.mediaType = this.#typeOf(descriptor.mediaType);
    }
  }

  async #describe(options: Options): Promise<Descriptor> {
    const bytes = await this.rawManifest(options);
    const mediaType = await this.manifestType(options);
    return { mediaType, digest: await digestBytes(bytes), size: bytes.byteLength };
  }

  async #context(options: Options): Promise<EditContext> {
    return { ...await this.#entries.get(options.signal), signal: options.signal };
  }
}

/** A config that is known once the layers are written. */
class EditedConfig implements Part {
  readonly role: Role = "blob";
  readonly mediaType: string;
  readonly #bytes: Once<Bytes>;
  readonly #layers: readonly Layer[];

  constructor(mediaType: string, bytes: Once<Bytes>, layers: readonly Layer[]) {
    this.mediaType = mediaType;
    this.#bytes = bytes;
    this.#layers = layers;
  }

  children(): Promise<readonly Part[]> {
    return Promise.resolve(this.#layers);
  }

  async content(options?: Options): Promise<Content> {
    const bytes = await this.#bytes.get(options?.signal);
    return {
      mediaType: this.mediaType,
      digest: await digestBytes(bytes),
      size: bytes.byteLength,
      replayable: true,
      open: ({ start } = {}) => Promise.resolve(streamOf(bytes.slice(start))),
    };
  }
}

/** A config's media type, which is known before the layers are written. */
async function configType(config: Part, options?: Options): Promise<string> {
  if (config instanceof EditedConfig || config instanceof RetypedConfig) return config.mediaType;
  return (await config.content(options)).mediaType;
}

/** A layer keeps to the family of the manifest it is in: strict clients refuse mixtures. */
async function describeLayer(layer: Layer, docker: boolean, options: Options): Promise<Descriptor> {
  const descriptor = await layer.descriptor(options);
  const { mediaType } = descriptor;
  return { ...descriptor, mediaType: docker ? dockerType(mediaType) : ociType(mediaType) };
}

/** A descriptor without what is true of its own bytes only: the bytes, where else they are, tables of their contents. */
function withoutBytes({ data: _, urls: __, annotations, ...rest }: Descriptor): Partial<Descriptor> {
  if (!annotations) return rest;
  const kept = Object.entries(annotations).filter(([name]) => !ofBytes.test(name));
  return kept.length > 0 ? { ...rest, annotations: Object.fromEntries(kept) } : rest;
}

/** Annotations of eStargz and zstd:chunked layers. */
const ofBytes =
  /^(?:containerd\.io\/snapshot\/stargz\/|io\.containers\.estargz\.|io\.github\.containers\.zstd-chunked\.)/;
