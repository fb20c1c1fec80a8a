import { type Bytes, streamOf } from "../bytes.ts";
import type { Content, Options, Part, Role } from "../content/contracts.ts";
import { Once } from "../content/once.ts";
import { digestBytes } from "../digest/hasher.ts";
import type { ConfigFile, History } from "../spec/config.ts";
import type { Annotations, Descriptor } from "../spec/descriptor.ts";
import { formatJson } from "../spec/json.ts";
import { isConfigType, isDockerType, mediaTypes } from "../spec/media_type.ts";
import type { Image, ImageBody } from "./image.ts";
import type { Layer } from "./layer.ts";

/** What is recorded of an appended layer besides its bytes. */
export interface LayerDetails {
  /** The entry in the config's history; a bare one unless told. */
  history?: History | undefined;
  /** Annotations on the layer's descriptor. */
  annotations?: Annotations | undefined;
}

/** What to change in a config. */
export interface Configure {
  /** Arguments of the entrypoint, or the command itself. */
  cmd?: string[] | undefined;
  /** What is run. As with Docker, the command given before goes with the old one. */
  entrypoint?: string[] | undefined;
  /** Variables to set, in place where they are set already. */
  env?: Record<string, string> | undefined;
  /** Labels to set. */
  labels?: Record<string, string> | undefined;
  /** Who it runs as: `user`, `uid`, `user:group`. */
  user?: string | undefined;
  /** Where it runs. */
  workingDir?: string | undefined;
  /** Ports it listens on: `8080/tcp`. */
  exposedPorts?: string[] | undefined;
  /** When the image was made, RFC 3339. */
  created?: string | undefined;
  /** Who made it. */
  author?: string | undefined;
  /** The processor it is for, as Go names it. */
  architecture?: string | undefined;
  /** The operating system it is for. */
  os?: string | undefined;
  /** The variant of the processor. */
  variant?: string | undefined;
}

/** One change to an image. */
export type Edit = { layer: Layer; details: LayerDetails } | { changes: Configure };

/** An image's body made from another image and one change. */
export class EditedImage implements ImageBody {
  readonly #base: Image;
  readonly #edit: Edit;
  readonly #config: Once<Bytes>;
  readonly #manifest: Once<Bytes>;
  readonly #descriptor: Once<Descriptor>;
  readonly #parts: Once<{ layers: readonly Layer[]; config: Part }>;

  constructor(base: Image, edit: Edit) {
    this.#base = base;
    this.#edit = edit;
    this.#config = new Once((signal) => this.#editConfig({ signal }));
    this.#manifest = new Once((signal) => this.#editManifest({ signal }));
    this.#descriptor = new Once((signal) => this.#describe({ signal }));
    this.#parts = new Once((signal) => this.#makeParts({ signal }));
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

  async #makeParts(options: Options): Promise<{ layers: readonly Layer[]; config: Part }> {
    const below = await this.#base.layers(options);
    const layers = "layer" in this.#edit ? [...below, this.#edit.layer] : below;
    return { layers, config: new EditedConfig(this.#base, this.#config, layers) };
  }

  async #editConfig(options: Options): Promise<Bytes> {
    const raw = await this.#base.rawConfigFile(options);
    if ("changes" in this.#edit) {
      return formatJson(configured(await this.#base.configFile(options), this.#edit.changes));
    }
    const { layer, details } = this.#edit;
    // An artifact's config says nothing of layers, whatever it is: it stays byte for byte.
    if (!isConfigType((await configDescriptor(this.#base, options)).mediaType)) return raw;
    const config = await this.#base.configFile(options);
    config.rootfs.diff_ids.push(await layer.diffID(options));
    // A history that is not kept stays so; a partial one could no longer be matched to the layers.
    const had = config.rootfs.diff_ids.length === 1 || config.history?.length;
    if (had) config.history = [...config.history ?? [], details.history ?? {}];
    return formatJson(config);
  }

  async #editManifest(options: Options): Promise<Bytes> {
    const manifest = await this.#base.manifest(options);
    const config = await this.#config.get(options.signal);
    manifest.config.digest = await digestBytes(config);
    manifest.config.size = config.byteLength;
    delete manifest.config.data;
    if ("layer" in this.#edit) {
      const { layer, details } = this.#edit;
      const { mediaType, digest, size } = await layer.descriptor(options);
      const docker = isDockerType(await this.#base.mediaType(options));
      manifest.layers.push({
        mediaType: docker ? dockerLayerTypes[mediaType] ?? mediaType : mediaType,
        digest,
        size,
        ...(details.annotations && { annotations: details.annotations }),
      });
    }
    return formatJson(manifest);
  }

  async #describe(options: Options): Promise<Descriptor> {
    const bytes = await this.rawManifest(options);
    const mediaType = await this.#base.mediaType(options);
    return { mediaType, digest: await digestBytes(bytes), size: bytes.byteLength };
  }
}

/** A config that is known once the layers are written. */
class EditedConfig implements Part {
  readonly role: Role = "blob";
  readonly #base: Image;
  readonly #bytes: Once<Bytes>;
  readonly #layers: readonly Layer[];

  constructor(base: Image, bytes: Once<Bytes>, layers: readonly Layer[]) {
    this.#base = base;
    this.#bytes = bytes;
    this.#layers = layers;
  }

  children(): Promise<readonly Part[]> {
    return Promise.resolve(this.#layers);
  }

  async content(options?: Options): Promise<Content> {
    const bytes = await this.#bytes.get(options?.signal);
    return {
      mediaType: (await configDescriptor(this.#base, options)).mediaType,
      digest: await digestBytes(bytes),
      size: bytes.byteLength,
      replayable: true,
      open: ({ start } = {}) => Promise.resolve(streamOf(bytes.slice(start))),
    };
  }
}

// A layer keeps to the family of the manifest it is in: strict clients refuse mixtures.
const dockerLayerTypes: Record<string, string> = {
  [mediaTypes.ociLayer]: mediaTypes.dockerLayer,
  [mediaTypes.ociLayerGzip]: mediaTypes.dockerLayerGzip,
  [mediaTypes.ociLayerZstd]: mediaTypes.dockerLayerZstd,
};

/** The config's media type may be asked before the manifest can be worked out, so it comes from the image at the bottom. */
async function configDescriptor(base: Image, options?: Options): Promise<{ mediaType: string }> {
  return await (await base.configPart(options)).content(options);
}

function configured(file: ConfigFile, changes: Configure): ConfigFile {
  const config = file.config ??= {};
  if (changes.entrypoint) {
    config.Entrypoint = changes.entrypoint;
    delete config.Cmd;
  }
  if (changes.cmd) config.Cmd = changes.cmd;
  if (changes.env) config.Env = withVariables(config.Env ?? [], changes.env);
  if (changes.labels) config.Labels = { ...config.Labels, ...changes.labels };
  if (changes.user !== undefined) config.User = changes.user;
  if (changes.workingDir !== undefined) config.WorkingDir = changes.workingDir;
  if (changes.exposedPorts) {
    const ports = changes.exposedPorts.map((port) => [port, {}] as const);
    config.ExposedPorts = { ...config.ExposedPorts, ...Object.fromEntries(ports) };
  }
  if (changes.created !== undefined) file.created = changes.created;
  if (changes.author !== undefined) file.author = changes.author;
  if (changes.architecture !== undefined) file.architecture = changes.architecture;
  if (changes.os !== undefined) file.os = changes.os;
  if (changes.variant !== undefined) file.variant = changes.variant;
  return file;
}

function withVariables(env: readonly string[], changes: Record<string, string>): string[] {
  const left = new Map(Object.entries(changes));
  const kept = env.map((line) => {
    const name = line.split("=", 1)[0]!;
    const value = left.get(name);
    return left.delete(name) ? `${name}=${value}` : line;
  });
  return [...kept, ...[...left].map(([name, value]) => `${name}=${value}`)];
}
