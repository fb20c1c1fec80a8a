import type { Command } from "commander";
import { openRoot } from "../../../image/open.ts";
import { Index } from "../../../image/index.ts";
import { GantryError } from "../../../errors.ts";
import { formatPlatform } from "../../../spec/platform.ts";
import type { Store, StoredImage } from "../../../store/mod.ts";
import type { CommandContext } from "../../context.ts";
import { jsonOption } from "../../support/options.ts";
import { formatLabels, withStore } from "../../support/store.ts";
import { formatBytes, table } from "../../support/table.ts";

/** `gantry images ls` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("[filter...]", "such as name~=alpine,labels.env==prod; one of several must match")
    .option("-q, --quiet", "print the names only")
    .addOption(jsonOption())
    .action((filters: string[], flags: { quiet?: boolean; json?: boolean }) =>
      withStore(context, (there) => list(there, filters, flags, context))
    );
}

async function list(
  there: Store,
  filters: string[],
  flags: { quiet?: boolean; json?: boolean },
  context: CommandContext,
): Promise<void> {
  const { signal } = context;
  const rows = [["REF", "TYPE", "DIGEST", "SIZE", "PLATFORMS", "LABELS"]];
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
    images.push({ ...image, size, platforms });
    rows.push([
      name,
      target.mediaType,
      target.digest,
      formatBytes(size),
      platforms.join(",") || "-",
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
