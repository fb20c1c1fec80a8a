import type { Command } from "commander";
import { openRoot } from "../../../image/open.ts";
import { Index } from "../../../image/index.ts";
import { GantryError } from "../../../errors.ts";
import { unpackedImages } from "../../../images/mod.ts";
import { formatPlatform } from "../../../spec/platform.ts";
import type { Store, StoredImage } from "../../../store/mod.ts";
import type { CommandContext } from "../../context.ts";
import { jsonOption } from "../../support/options.ts";
import { formatLabels, withStore } from "../../support/store.ts";
import { formatBytes, table } from "../../support/table.ts";

/** What a list may look like. */
export interface ListFlags {
  quiet?: boolean;
  json?: boolean;
}

/** `gantry images ls` */
export function define(command: Command, context: CommandContext): void {
  addListOptions(command)
    .argument("[filter...]", "such as name~=alpine,labels.env==prod; one of several must match")
    .action((filters: string[], flags: ListFlags) => listImages(filters, flags, context));
}

/** Adds the options of lists of images. */
export function addListOptions(command: Command): Command {
  return command.option("-q, --quiet", "print the names only").addOption(jsonOption());
}

/** Lists the images of the store that one of the filters matches, all without filters. */
export async function listImages(
  filters: string[],
  flags: ListFlags,
  context: CommandContext,
): Promise<void> {
  await withStore(context, (there) => list(there, filters, flags, context));
}

async function list(
  there: Store,
  filters: string[],
  flags: ListFlags,
  context: CommandContext,
): Promise<void> {
  const { signal } = context;
  const rows = [["REF", "TYPE", "DIGEST", "SIZE", "PLATFORMS", "UNPACKED", "LABELS"]];
  const unpacked = new Map((await unpackedImages(there).list({ signal })).map((one) => [one.name, one]));
  const images: object[] = [];
  for await (const image of there.images.list(filters, { signal })) {
    if (flags.quiet) {
      await context.print(`${image.name}\n`);
      continue;
    }
    const { present } = await there.check(image.name, { signal });
    const size = present.reduce((sum, one) => sum + one.size, 0);
    const platforms = await platformsOf(there, image, context);
    const { name, target, labels } = image;
    const { id, directory } = unpacked.get(name) ?? {};
    images.push({ ...image, size, platforms, ...(id !== undefined && { unpacked: { id, directory } }) });
    rows.push([
      name,
      target.mediaType,
      target.digest,
      formatBytes(size),
      platforms.join(",") || "-",
      id ?? "-",
      formatLabels(labels),
    ]);
  }
  if (flags.json) await context.printJson({ images });
  else if (!flags.quiet) await context.print(table(rows));
}

/** For which platforms an image is; none where it is no image, or not whole. */
async function platformsOf(
  there: Store,
  { target }: StoredImage,
  { signal }: CommandContext,
): Promise<string[]> {
  try {
    const root = await openRoot(there.repository("any"), target, { signal });
    const platforms = root instanceof Index
      ? (await root.indexManifest({ signal })).manifests.flatMap(({ platform }) => platform ?? [])
      : [await root.configFile({ signal })];
    const texts = platforms.filter(({ os, architecture }) => ![os, architecture].includes("unknown"))
      .map(({ os, architecture, variant }) =>
        formatPlatform({ os, architecture, ...(variant && { variant }) })
      );
    return [...new Set(texts)];
  } catch (error) {
    if (GantryError.is(error)) return [];
    throw error;
  }
}
