import type { Command } from "commander";
import type { Image } from "../../../image/mod.ts";
import { selectImage } from "../../../image/mod.ts";
import { type Skipped, unpack, unpackLayers, type UnpackOptions } from "../../../rootfs/mod.ts";
import type { CommandContext } from "../../context.ts";
import { openStandardInput } from "../../support/open.ts";
import { isOnDisk, openAnywhere } from "../../support/open_anywhere.ts";
import { platformsAsked, withStore } from "../../support/store.ts";
import { notRegistry, registryPlace } from "../../support/store_transfer.ts";

interface UnpackFlags {
  layers?: boolean;
  rootless?: boolean;
}

/** `gantry unpack` */
export function define(command: Command, context: CommandContext): void {
  command
    .usage("[options] IMAGE|- [DIRECTORY]")
    .argument("<image>", "an image at any place, a file, a layout, or - for an archive from standard input")
    .argument(
      "[directory]",
      "a directory that is empty or not there yet; without one, the image is pulled into the store, and its layers are unpacked there",
    )
    .option("--layers", "make one directory for each layer, to be mounted over each other")
    .option("--rootless", "own all files; who owns them in the image is written to DIRECTORY.owners.json")
    .action((from: string, to: string | undefined, flags: UnpackFlags) =>
      to === undefined ? unpackInStore(from, flags, context) : unpackTo(from, to, flags, context)
    );
}

async function unpackTo(
  from: string,
  to: string,
  flags: UnpackFlags,
  context: CommandContext,
): Promise<void> {
  if (from !== "-") return await write(await openAnywhere(from, context), to, flags, context);
  await using opened = await openStandardInput(context);
  const image = await selectImage(opened.root, undefined, { signal: context.signal });
  await write(image, to, flags, context);
}

/** Pulls an image of a registry as far as it is not there, and prints where its layers are. */
async function unpackInStore(from: string, flags: UnpackFlags, context: CommandContext): Promise<void> {
  const missing = "into which directory";
  if (from === "-" || await isOnDisk(from)) throw notRegistry(from, "unpack", missing);
  const { reference, source } = registryPlace(from, "unpack", missing);
  const { unpackedImages } = await import("../../../images/mod.ts");
  await withStore(context, async (there) => {
    const images = unpackedImages(there);
    const { directory, skipped } = await images.pull(source(await context.clients()), reference, {
      platforms: await platformsAsked(context),
      ...optionsOf(flags, context),
    });
    await tell(skipped, context);
    await context.print(`${directory}\n`);
  });
}

async function write(
  image: Image,
  to: string,
  flags: UnpackFlags,
  context: CommandContext,
): Promise<void> {
  const work = flags.layers ? unpackLayers : unpack;
  await tell((await work(image, to, optionsOf(flags, context))).skipped, context);
}

function optionsOf({ rootless }: UnpackFlags, { signal }: CommandContext): UnpackOptions {
  return { signal, ...(rootless && { owners: "record" }) };
}

async function tell(skipped: readonly Skipped[], context: CommandContext): Promise<void> {
  for (const { path, reason } of skipped) await context.log(`skipped ${path}: ${reason}`);
}
