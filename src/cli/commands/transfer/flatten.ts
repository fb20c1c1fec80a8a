import type { Command } from "commander";
import "../../../codec/mod.ts"; // brings gzip
import { type Image, Index } from "../../../image/mod.ts";
import { flatten, flattenIndex } from "../../../tree/mod.ts";
import type { CommandContext } from "../../context.ts";
import { type DestinationFlags, destinationOf, printDigest, write } from "../../support/edited.ts";
import { openSelected } from "../../support/open.ts";
import { addTransferOptions } from "../../support/transfer.ts";

/** `gantry flatten` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command)
    .argument("<image>")
    .option("-t, --tag <image>", "where the flattened image goes (default: in place of the image)")
    .action((from: string, flags: DestinationFlags) => flattenTo(from, flags, context));
}

async function flattenTo(from: string, flags: DestinationFlags, context: CommandContext): Promise<void> {
  const destination = destinationOf(from, flags);
  const flat = await flattened(await openSelected(from, context), context.signal);
  const { descriptor } = await write(flat, destination, flags, context);
  await printDigest(destination, descriptor.digest, flags, context);
}

async function flattened(root: Image | Index, signal: AbortSignal): Promise<Image | Index> {
  const options = { createdBy: `gantry flatten ${await root.digest({ signal })}`, workers: "auto" } as const;
  return root instanceof Index ? root.edit(flattenIndex(options)) : root.edit(flatten(options));
}
