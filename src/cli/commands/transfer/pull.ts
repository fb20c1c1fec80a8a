import type { Command } from "commander";
import type { ArchiveFormat } from "../../../archive/mod.ts";
import { GantryError } from "../../../errors.ts";
import { selectImage } from "../../../image/mod.ts";
import { dockerArchiveScheme, ociArchiveScheme } from "../../../places/archive.ts";
import { copy } from "../../../places/copy.ts";
import { ociScheme } from "../../../places/oci.ts";
import type { NamedPart, PathScheme, Place } from "../../../places/scheme.ts";
import { parsePlace, parsePrefixed, pathUsage, targetOf } from "../../../places/schemes.ts";
import { familiarName, formatReference } from "../../../spec/reference.ts";
import type { CommandContext } from "../../context.ts";
import { openSelected } from "../../support/open.ts";
import { layerCache } from "../../support/layer_cache.ts";
import type { ProgressFlags } from "../../support/progress.ts";
import { pullIntoStore } from "../../support/store_transfer.ts";
import { addTransferOptions, transfer, type TransferOptions } from "../../support/transfer.ts";

interface PullFlags extends ProgressFlags {
  cache_path?: string;
  format?: string;
  annotateRef?: boolean;
  policy?: string;
}

/** What `--format` names. */
interface Format {
  /** The kinds of places it can be in; a path without a prefix is of the first. */
  schemes: readonly PathScheme[];
  archive?: ArchiveFormat;
  /** Docker loads it: it takes one image of an index, and wants a name for it. */
  forDocker?: boolean;
}

const formats: Record<string, Format> = {
  tarball: { schemes: [dockerArchiveScheme, ociArchiveScheme], archive: "combined", forDocker: true },
  legacy: { schemes: [dockerArchiveScheme, ociArchiveScheme], archive: "legacy", forDocker: true },
  oci: { schemes: [ociScheme] },
  "oci-archive": { schemes: [ociArchiveScheme, dockerArchiveScheme], archive: "oci" },
};

/** Where images are pulled into, and in which form. */
interface Destination {
  text: string;
  place: Place;
  format: Format;
}

/** `gantry pull` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command)
    .usage("[options] IMAGE... [PATH]")
    .argument("<image>", "without a path, it is pulled into the store")
    .argument("[path...]", `a file, or with --format oci a directory; or ${pathUsage()}`)
    .option(
      "--format <format>",
      'what to save them as: "tarball" (default), "legacy", "oci" or "oci-archive"',
    )
    .option("-c, --cache_path <directory>", "keep layers there, and take them from there the next time")
    .option("--policy <file>", "what may be pulled into the store, and what signatures it must have")
    .option("--annotate-ref", "name each image in the layout as it was named on the command line")
    .action((first: string, others: string[], flags: PullFlags) => {
      if (others.length === 0) return pullIntoStore(first, flags, context);
      if (flags.policy !== undefined) {
        throw new GantryError("unsupported", "pull: --policy is of pulls into the store, which take no path");
      }
      const images = [first, ...others.slice(0, -1)];
      return pull([...new Set(images)], others.at(-1)!, flags, context);
    });
}

async function pull(
  images: string[],
  path: string,
  flags: PullFlags,
  context: CommandContext,
): Promise<void> {
  const to = destination(path, images, flags);
  const parts = await openAll(images, to, flags, context);
  const whole = to.place.save !== undefined;
  await transfer(context, "pulled", { ...flags, whole }, async (options) => {
    if (to.place.save) await to.place.save(parts, options, { ...options, format: to.format.archive });
    else await copyAll(parts, to, options);
  });
}

/** All images are opened before anything is written. */
async function openAll(
  images: string[],
  to: Destination,
  flags: PullFlags,
  context: CommandContext,
): Promise<NamedPart[]> {
  const { signal } = context;
  const cache = flags.cache_path === undefined ? undefined : layerCache(flags.cache_path);
  const options = { types: "oci", cache } as const;
  const roots = await Promise.all(images.map((image) => openSelected(image, context, options)));
  return await Promise.all(roots.map(async (root, i) => ({
    image: to.format.forDocker ? await selectImage(root, undefined, { signal }) : root,
    names: namesFor(images[i]!, to, flags),
  })));
}

/** Copies one image after the other into a layout. */
async function copyAll(
  parts: readonly NamedPart[],
  { place, text }: Destination,
  options: TransferOptions,
): Promise<void> {
  const target = targetOf(place, text, options);
  for (const { image, names } of parts) await copy(image, { target, name: names?.[0] }, options);
}

function destination(text: string, images: string[], flags: PullFlags): Destination {
  const named = parsePrefixed(text);
  const format = formatOf(text, named, flags.format);
  if (named?.name !== undefined && (images.length > 1 || flags.annotateRef)) {
    throw new GantryError("invalid-name", `${actionOf(text)}: more than one name for it`);
  }
  return { text, place: named ?? format.schemes[0]!.at(text), format };
}

/** The format asked for; otherwise the first that the kind of place takes, or its only one. */
function formatOf(text: string, named: Place | undefined, asked: string | undefined): Format {
  if (asked === undefined) {
    const usual = Object.values(formats).find(({ schemes }) => schemes[0] === named?.scheme);
    return named ? usual ?? { schemes: [] } : formats["tarball"]!;
  }
  const format = Object.hasOwn(formats, asked) ? formats[asked]! : undefined;
  if (!format) {
    throw new GantryError(
      "unsupported",
      `${actionOf(text)}: unexpected --format: ${
        JSON.stringify(asked)
      }, there are tarball, legacy, oci and oci-archive`,
    );
  }
  if (!named || format.schemes.some((scheme) => scheme === named.scheme)) return format;
  throw new GantryError("invalid-name", `${actionOf(text)}: not a place for ${asked}`);
}

/** The names of an image in what it is pulled into: Docker's needs one, others have none by default. */
function namesFor(image: string, { place, format }: Destination, { annotateRef }: PullFlags): string[] {
  if (place.name !== undefined) return [place.name];
  if (!format.forDocker && !annotateRef) return [];
  const { name, reference } = parsePlace(image);
  if (!reference) return name === undefined || name.startsWith("@") ? [] : [name];
  if (!format.forDocker) return [formatReference(reference)];
  // Docker has no name for what a digest names; this is crane's.
  const { registry, repository, tag = "i-was-a-digest" } = reference;
  return [familiarName({ registry, repository, tag })];
}

function actionOf(text: string): string {
  return `pull into ${JSON.stringify(text)}`;
}
