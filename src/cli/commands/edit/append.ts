import type { Command } from "commander";
import { annotate, convert, emptyImage, type Image, type Layer, windowsLayer } from "../../../image/mod.ts";
import { parsePlace } from "../../../places/schemes.ts";
import { annotations } from "../../../spec/annotations.ts";
import { formatReference } from "../../../spec/reference.ts";
import type { CommandContext } from "../../context.ts";
import { type DestinationFlags, editRoot, writeEdited } from "../../support/edited.ts";
import { layersFrom } from "../../support/layer_files.ts";
import { addValues } from "../../support/lists.ts";
import { openSelected } from "../../support/open.ts";
import { addTransferOptions } from "../../support/transfer.ts";

interface AppendFlags extends DestinationFlags {
  base?: string;
  new_layer: string[];
  new_tag?: string;
  ociEmptyBase?: boolean;
  setBaseImageAnnotations?: boolean;
}

/** What crane writes where nobody says when a layer was made. */
export const unknownTime = "0001-01-01T00:00:00Z";

/** `gantry append` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command)
    .option(
      "-b, --base <image>",
      "the image to append to; all platforms of an index (default: an empty image)",
    )
    .requiredOption(
      "-f, --new_layer <path>",
      "a tar, compressed or not, a directory, or - (may be repeated)",
      addValues,
    )
    .option("-t, --new_tag <image>", "where to write the image")
    .option("-o, --output <file>", "write a tarball instead")
    .option("--oci-empty-base", "let an empty image have OCI's media types, not Docker's")
    .option("--set-base-image-annotations", "record what the image is based on")
    .action((flags: AppendFlags) => append(flags, context));
}

async function append(flags: AppendFlags, context: CommandContext): Promise<void> {
  const { base } = flags;
  const layers = await layersFrom(flags.new_layer);
  const root = base === undefined ? emptyBase(flags.ociEmptyBase) : await openSelected(base, context);
  const change = async (image: Image) => {
    const appended = await appendAll(image, layers, context);
    if (!flags.setBaseImageAnnotations || base === undefined) return appended;
    return appended.edit(annotate(await baseAnnotations(base, image, context)));
  };
  const to = { ...flags, ...(flags.new_tag !== undefined && { tag: flags.new_tag }) };
  await writeEdited(await editRoot(root, change, context), undefined, to, context);
}

/** The image with these layers on top, which an image of Windows has elsewhere. */
export async function appendAll(
  image: Image,
  layers: readonly Layer[],
  { signal }: CommandContext,
): Promise<Image> {
  const windows = layers.length > 0 && await isWindows(image, signal);
  let appended = image;
  for (const layer of layers) {
    appended = appended.append(windows ? await windowsLayer(layer) : layer, {
      history: { created: unknownTime },
    });
  }
  return appended;
}

/** Whether it is an image of Windows; an artifact is for no system. */
export async function isWindows(image: Image, signal: AbortSignal): Promise<boolean> {
  const { rootfs, os } = JSON.parse(new TextDecoder().decode(await image.rawConfigFile({ signal })));
  return rootfs !== undefined && os === "windows";
}

/** An image that says nothing of itself, as crane's. */
function emptyBase(oci = false): Image {
  const empty = emptyImage().edit({
    config(config) {
      const { rootfs } = config;
      for (const key of Object.keys(config)) delete (config as unknown as Record<string, unknown>)[key];
      Object.assign(config, {
        architecture: "",
        created: unknownTime,
        history: [],
        os: "",
        rootfs,
        config: {},
      });
    },
  });
  return oci ? empty : empty.edit(convert({ format: "docker" }));
}

async function baseAnnotations(
  base: string,
  image: Image,
  { signal }: CommandContext,
): Promise<Record<string, string>> {
  const { reference } = parsePlace(base);
  return {
    [annotations.baseDigest]: await image.digest({ signal }),
    ...(reference && reference.digest === undefined &&
      { [annotations.baseName]: formatReference(reference) }),
  };
}
