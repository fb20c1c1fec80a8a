import type { Options, Part } from "../../content/contracts.ts";
import { GantryError } from "../../errors.ts";
import { Image } from "../../image/image.ts";
import { Index } from "../../image/index.ts";
import type { ConfigFile } from "../../spec/config.ts";
import type { Descriptor } from "../../spec/descriptor.ts";
import { isConfigType, isForeignType } from "../../spec/media_type.ts";
import { defaultPlatform, type Platform } from "../../spec/platform.ts";
import type { Name } from "../names.ts";

/** An image as Docker wants to know it. */
export interface DockerImage {
  readonly image: Image;
  readonly descriptor: Descriptor;
  readonly names: readonly Name[];
  readonly config: Descriptor;
  readonly configFile: ConfigFile;
  readonly layers: readonly Descriptor[];
}

/** How an image is chosen. */
export interface ChooseOptions extends Options {
  platform?: Platform | undefined;
}

/** The image that Docker gets of a part, if there is one: of an index that for the platform, or else the first. */
export async function chooseImage(part: Part, options: ChooseOptions): Promise<Image | undefined> {
  if (part instanceof Image) return part;
  if (!(part instanceof Index)) return undefined;
  const { platform = defaultPlatform, signal } = options;
  try {
    return await part.select(platform, { signal });
  } catch (error) {
    if (!GantryError.is(error, "no-platform")) throw error;
    return await firstImage(part, { signal });
  }
}

async function firstImage(index: Index, options: Options): Promise<Image | undefined> {
  for (const child of await index.children(options)) {
    if (child instanceof Image && child.known?.platform?.os !== "unknown") return child;
    const found = child instanceof Index ? await firstImage(child, options) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** What Docker wants to know of an image; nothing for an artifact, which is none to it. */
export async function describeForDocker(
  image: Image,
  names: readonly Name[],
  options: Options,
): Promise<DockerImage | undefined> {
  const { config, layers } = await image.manifest(options);
  if (!isConfigType(config.mediaType)) return undefined;
  const configFile = await image.configFile(options);
  const { length } = configFile.rootfs.diff_ids;
  const descriptor = await image.descriptor(options);
  if (length === layers.length) return { image, descriptor, names, config, configFile, layers };
  throw new GantryError(
    "invalid-document",
    `write archive for Docker: ${descriptor.digest} has ${layers.length} layers and ${length} diffIDs`,
  );
}

/** An image's entry in manifest.json. */
export function savedImage(
  { names, config, configFile, layers }: DockerImage,
  pathOf: (blob: Descriptor) => string,
): object {
  const foreign = layers.flatMap((layer, i) =>
    isForeignType(layer.mediaType) ? [[configFile.rootfs.diff_ids[i]!, layer] as const] : []
  );
  return {
    Config: pathOf(config),
    RepoTags: names.length === 0 ? null : names.map(({ familiar }) => familiar),
    Layers: layers.map(pathOf),
    ...(foreign.length > 0 && { LayerSources: Object.fromEntries(foreign) }),
  };
}
