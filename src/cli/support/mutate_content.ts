import { GantryError } from "../../errors.ts";
import {
  canonical,
  convert,
  type ConvertOptions,
  type Edit,
  type Image,
  removeLayer,
  retime,
  setSubject,
  stripFiles,
} from "../../image/mod.ts";
import { openPlace } from "../../places/open.ts";
import type { CommandContext } from "../context.ts";

/** What `mutate` changes in layers and manifests. */
export interface ContentFlags {
  externalUrlsRm?: boolean;
  layerCompress?: string;
  layerLevel?: number;
  layerRmCreatedBy?: string[];
  layerRmIndex?: number[];
  layerStripFile?: string[];
  reproducible?: boolean;
  subject?: string;
  time?: Date;
  timeMax?: Date;
  toDocker?: boolean;
  toOci?: boolean;
}

const how = { workers: "auto" } as const;

/** The image with the layers and the manifest that the flags ask for. */
export async function changeContent(
  image: Image,
  flags: ContentFlags,
  context: CommandContext,
): Promise<Image> {
  let changed = image;
  for (const index of await removedLayers(image, flags, context)) changed = changed.edit(removeLayer(index));
  if (flags.layerStripFile) changed = changed.edit(stripFiles(flags.layerStripFile, how));
  if (flags.time) changed = changed.edit(retime(flags.time, how));
  if (flags.timeMax) changed = changed.edit(retime(flags.timeMax, { ...how, clamp: true }));
  if (flags.reproducible) changed = changed.edit(canonical(how));
  const conversion = conversionOf(flags);
  if (conversion) changed = changed.edit(convert({ ...how, ...conversion }));
  if (flags.externalUrlsRm) changed = changed.edit(withoutUrls);
  if (flags.subject === undefined) return changed;
  const { signal } = context;
  const subject = await openPlace(flags.subject, { signal, ...await context.clients() });
  return changed.edit(setSubject(await subject.descriptor({ signal })));
}

const withoutUrls: Edit = {
  manifest({ layers }) {
    for (const layer of layers) delete layer.urls;
  },
};

/** The positions of layers that go, the highest first, so that the others keep theirs meanwhile. */
async function removedLayers(
  image: Image,
  { layerRmIndex = [], layerRmCreatedBy = [] }: ContentFlags,
  { signal }: CommandContext,
): Promise<number[]> {
  const removed = new Set(layerRmIndex);
  for (const pattern of layerRmCreatedBy) {
    const { history } = await image.config({ signal });
    const layers = (history ?? []).filter(({ empty_layer }) => !empty_layer);
    const found = layers.flatMap(({ created_by = "" }, i) => new RegExp(pattern).test(created_by) ? [i] : []);
    if (found.length === 0) {
      throw new GantryError(
        "not-found",
        `remove layers: nothing in the history matches ${JSON.stringify(pattern)}`,
      );
    }
    for (const index of found) removed.add(index);
  }
  return [...removed].sort((a, b) => b - a);
}

function conversionOf(flags: ContentFlags): ConvertOptions | undefined {
  const { layerCompress, layerLevel, toDocker, toOci } = flags;
  if (toDocker && toOci) {
    throw new GantryError("unsupported", "mutate: --to-oci and --to-docker exclude each other");
  }
  if (layerCompress !== undefined && !isCompression(layerCompress)) {
    throw new GantryError(
      "unsupported",
      `mutate: unexpected --layer-compress: ${JSON.stringify(layerCompress)}, there are gzip, zstd and none`,
    );
  }
  if (!toDocker && !toOci && layerCompress === undefined && layerLevel === undefined) return undefined;
  const format = toDocker ? "docker" : toOci ? "oci" : undefined;
  return { format, compression: layerCompress, level: layerLevel };
}

function isCompression(text: string): text is "gzip" | "zstd" | "none" {
  return ["gzip", "zstd", "none"].includes(text);
}
