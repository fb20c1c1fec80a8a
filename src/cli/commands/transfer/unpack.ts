import type { Command } from "commander";
import type { Image } from "../../../image/mod.ts";
import { selectImage } from "../../../image/mod.ts";
import { unpack, unpackLayers, type UnpackOptions } from "../../../rootfs/mod.ts";
import type { CommandContext } from "../../context.ts";
import { openStandardInput } from "../../support/open.ts";
import { openAnywhere } from "../../support/open_anywhere.ts";

interface UnpackFlags {
  layers?: boolean;
  rootless?: boolean;
}

/** `gantry unpack` */
export function define(command: Command, context: CommandContext): void {
  command
    .usage("[options] IMAGE|- DIRECTORY")
    .argument("<image>", "an image at any place, a file, a layout, or - for an archive from standard input")
    .argument("<directory>", "a directory that is empty or not there yet")
    .option("--layers", "make one directory for each layer, to be mounted over each other")
    .option("--rootless", "own all files; who owns them in the image is written to DIRECTORY.owners.json")
    .action((from: string, to: string, flags: UnpackFlags) => unpackTo(from, to, flags, context));
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

async function write(
  image: Image,
  to: string,
  { layers, rootless }: UnpackFlags,
  context: CommandContext,
): Promise<void> {
  const options: UnpackOptions = { signal: context.signal, ...(rootless && { owners: "record" }) };
  const { skipped } = await (layers ? unpackLayers : unpack)(image, to, options);
  for (const { path, reason } of skipped) await context.log(`skipped ${path}: ${reason}`);
}
