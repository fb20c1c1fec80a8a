import process from "node:process";
import type { Command } from "commander";
import "../../../codec/mod.ts"; // brings gzip
import { copy } from "../../../places/copy.ts";
import { parsePlace } from "../../../places/schemes.ts";
import { type Image, layer } from "../../../image/mod.ts";
import { packChanges, type PackOptions, recordedOwners } from "../../../rootfs/mod.ts";
import { writeTar } from "../../../tar/mod.ts";
import { openTree } from "../../../tree/mod.ts";
import type { CommandContext } from "../../context.ts";
import { openAnywhere } from "../../support/open_anywhere.ts";
import type { ProgressFlags } from "../../support/progress.ts";
import { addTransferOptions, transfer } from "../../support/transfer.ts";

interface RepackFlags extends ProgressFlags {
  tag: string;
}

/** `gantry repack` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command)
    .argument("<directory>", "what has been unpacked and changed")
    .argument("<base>", "the image that it was unpacked from: at any place, a file or a layout")
    .requiredOption("-t, --tag <image>", "where the new image goes")
    .action((directory: string, base: string, flags: RepackFlags) => repack(directory, base, flags, context));
}

async function repack(
  directory: string,
  from: string,
  flags: RepackFlags,
  context: CommandContext,
): Promise<void> {
  const { signal } = context;
  const place = parsePlace(flags.tag);
  const base = await openAnywhere(from, context);
  const owner = await recordedOwners(directory) ?? (process.getuid?.() === 0 ? "keep" : undefined);
  await using tree = await openTree(base, { content: false, digests: true, signal });
  const changes = (options: PackOptions = {}) => packChanges(tree, directory, { owner, signal, ...options });
  let image: Image = base;
  for await (
    const _ of changes({ onSkip: (path, reason) => void context.log(`skipped ${path}: ${reason}`) })
  ) {
    const added = layer(() => writeTar(changes()), { workers: "auto" });
    image = base.append(added, { history: { created_by: "gantry repack" } });
    break;
  }
  const { descriptor } = await transfer(
    context,
    "pushed",
    { ...flags, whole: place.save !== undefined },
    (options) => copy(image, flags.tag, options),
  );
  const pushed = `${place.container}@${descriptor.digest}`;
  await context.print(flags.json ? `${JSON.stringify({ type: "result", image: pushed })}\n` : `${pushed}\n`);
}
