import { type Bytes, sameBytes, streamOf } from "../bytes.ts";
import type { Content, Options, Part, Role } from "../content/contracts.ts";
import { Once } from "../content/once.ts";
import { digestBytes } from "../digest/hasher.ts";
import { parseConfig } from "../spec/config.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { type Manifest, parseManifest } from "../spec/manifest.ts";
import { isConfigType, isDockerType, mediaTypes } from "../spec/media_type.ts";
import { changeDocument } from "./change_document.ts";
import type { Edit, EditContext, LayerEntry } from "./edit.ts";
import type { ImageBody } from "./image_body.ts";
import type { Layer } from "./layer.ts";

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

  rawManifest(options?: Options): Promise<Bytes> {
    return this.#manifest.get(options?.signal);
  }

  rawConfigFile(options?: Options): Promise<Bytes> {
    return this.#config.get(options?.signal);
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
    const layers = (await this.#entries.get(options.signal)).layers.map(({ layer }) => layer);
    const below = await this.#base.configPart(options);
    if (!await this.#changesConfig(options)) return { layers, config: below };
    return { layers, config: new EditedConfig(below, this.#config, layers) };
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
    const docker = isDockerType((await this.#base.descriptor({ signal })).mediaType);
    manifest.layers = [];
    for (const { layer, index } of layers) {
      const known = index === undefined ? undefined : before[index];
      manifest.layers.push(known ?? await describeLayer(layer, docker, { signal }));
    }
  }

  async #describe(options: Options): Promise<Descriptor> {
    const bytes = await this.rawManifest(options);
    const { mediaType } = await this.#base.descriptor(options);
    return { mediaType, digest: await digestBytes(bytes), size: bytes.byteLength };
  }

  async #context(options: Options): Promise<EditContext> {
    return { ...await this.#entries.get(options.signal), signal: options.signal };
  }
}

/** A config that is known once the layers are written. */
class EditedConfig implements Part {
  readonly role: Role = "blob";
  readonly below: Part;
  readonly #bytes: Once<Bytes>;
  readonly #layers: readonly Layer[];

  constructor(below: Part, bytes: Once<Bytes>, layers: readonly Layer[]) {
    this.below = below;
    this.#bytes = bytes;
    this.#layers = layers;
  }

  children(): Promise<readonly Part[]> {
    return Promise.resolve(this.#layers);
  }

  async content(options?: Options): Promise<Content> {
    const bytes = await this.#bytes.get(options?.signal);
    return {
      mediaType: await configType(this, options),
      digest: await digestBytes(bytes),
      size: bytes.byteLength,
      replayable: true,
      open: ({ start } = {}) => Promise.resolve(streamOf(bytes.slice(start))),
    };
  }
}

/** A config's media type, which an edit does not change: it is known before the layers are written. */
async function configType(config: Part, options?: Options): Promise<string> {
  let part = config;
  while (part instanceof EditedConfig) part = part.below;
  return (await part.content(options)).mediaType;
}

async function describeLayer(layer: Layer, docker: boolean, options: Options): Promise<Descriptor> {
  const { mediaType, digest, size, annotations } = await layer.descriptor(options);
  return {
    mediaType: docker ? dockerLayerTypes[mediaType] ?? mediaType : mediaType,
    digest,
    size,
    ...(annotations && { annotations }),
  };
}

// A layer keeps to the family of the manifest it is in: strict clients refuse mixtures.
const dockerLayerTypes: Record<string, string> = {
  [mediaTypes.ociLayer]: mediaTypes.dockerLayer,
  [mediaTypes.ociLayerGzip]: mediaTypes.dockerLayerGzip,
  [mediaTypes.ociLayerZstd]: mediaTypes.dockerLayerZstd,
};
