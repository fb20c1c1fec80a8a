import type { Command } from "commander";
import { stat, writeFile } from "node:fs/promises";
import type { Part } from "../../../content/mod.ts";
import { GantryError } from "../../../errors.ts";
import { type Image, type Index, openRoot } from "../../../image/mod.ts";
import { dockerArchiveScheme, ociArchiveScheme } from "../../../places/archive.ts";
import { copy } from "../../../places/copy.ts";
import { ociScheme } from "../../../places/oci.ts";
import { onlyRoot } from "../../../places/open.ts";
import type { Place } from "../../../places/scheme.ts";
import { parsePlace, parsePrefixed, pathUsage, recognizePath, targetOf } from "../../../places/schemes.ts";
import type { CommandContext } from "../../context.ts";
import { layoutIndex } from "../../support/open_index.ts";
import { withStore } from "../../support/store.ts";
import { openStored } from "../../support/store_transfer.ts";
import type { ProgressFlags } from "../../support/progress.ts";
import { addTransferOptions, transfer } from "../../support/transfer.ts";

interface PushFlags extends ProgressFlags {
  index?: boolean;
  imageRefs?: string;
}

/** `gantry push` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command)
    .usage("[options] [PATH] IMAGE")
    .argument(
      "<path>",
      `a file or directory, or ${pathUsage()}; without it, what has the image's name in the store`,
    )
    .argument("[image]")
    .option("--index", "push all that is in the layout as one index")
    .option("--image-refs <file>", "also write what was pushed, REPOSITORY@DIGEST, to a file")
    .action((path: string, image: string | undefined, flags: PushFlags) =>
      image === undefined
        ? withStore(
          context,
          async (there) => send(await openStored(there, path, context), path, flags, context),
        )
        : load(path, flags, context).then((root) => send(root, image, flags, context))
    );
}

async function send(root: Part, image: string, flags: PushFlags, context: CommandContext): Promise<void> {
  const place = parsePlace(image);
  const target = targetOf(place, image, await context.clients());
  const { platform } = context;
  const { descriptor } = await transfer(
    context,
    "pushed",
    flags,
    (options) => copy(root, { target, name: place.name }, { ...options, platform }),
  );
  const pushed = `${place.container}@${descriptor.digest}`;
  if (flags.imageRefs !== undefined) await writeFile(flags.imageRefs, pushed, { mode: 0o600 });
  await context.print(flags.json ? `${JSON.stringify({ type: "result", image: pushed })}\n` : `${pushed}\n`);
}

/** What is to be pushed. */
async function load(path: string, flags: PushFlags, context: CommandContext): Promise<Image | Index> {
  const { signal } = context;
  const action = `push ${JSON.stringify(path)}`;
  const place = await find(path, action);
  const wholeLayout = place.scheme === ociScheme && place.name === undefined;
  if (flags.index) {
    if (wholeLayout) return await layoutIndex(place.path!);
    throw new GantryError("invalid-name", `${action}: --index means all of a layout in a directory`);
  }
  const source = place.source(await context.clients());
  return await openRoot(source, place.name ?? await onlyImage(), { signal });

  async function onlyImage() {
    try {
      return await onlyRoot(source, action, signal);
    } catch (error) {
      if (!GantryError.is(error, "invalid-name") || !wholeLayout) throw error;
      throw new GantryError("invalid-name", `${error.message}, or push all of them with --index`, {
        cause: error,
      });
    }
  }
}

/** The place that a path names with a prefix, or that is recognized at it. A directory that is none else is a layout. */
async function find(path: string, action: string): Promise<Place> {
  const named = parsePrefixed(path);
  if (named && named.scheme !== ociScheme) return named;
  const at = named ?? ociScheme.at(path);
  const there = await stat(at.path!).catch(() => undefined);
  if (!there) throw new GantryError("not-found", `${action}: no such file or directory`);
  if (!named) return await recognizePath(path) ?? at;
  if (there.isDirectory()) return named;
  const archives = [dockerArchiveScheme, ociArchiveScheme].flatMap(({ prefixes }) => prefixes);
  throw new GantryError("unsupported", `${action}: not a directory; an archive is ${archives.join(" or ")}`);
}
