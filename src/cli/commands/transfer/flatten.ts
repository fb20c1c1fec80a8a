import type { Command } from "commander";
import "../../../codec/mod.ts"; // brings gzip
import { type Image, Index } from "../../../image/mod.ts";
import { copy } from "../../../places/copy.ts";
import { parsePlace } from "../../../places/schemes.ts";
import { isDigest } from "../../../spec/digest.ts";
import { flatten, flattenIndex } from "../../../tree/mod.ts";
import type { CommandContext } from "../../context.ts";
import { openSelected } from "../../support/open.ts";
import type { ProgressFlags } from "../../support/progress.ts";
import { addTransferOptions, transfer } from "../../support/transfer.ts";

interface FlattenFlags extends ProgressFlags {
  tag?: string;
}

/** `gantry flatten` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command)
    .argument("<image>")
    .option("-t, --tag <image>", "where the flattened image goes (default: in place of the image)")
    .action((from: string, flags: FlattenFlags) => flattenTo(from, flags, context));
}

async function flattenTo(from: string, flags: FlattenFlags, context: CommandContext): Promise<void> {
  const { signal } = context;
  const to = flags.tag ?? from;
  const place = parsePlace(to);
  const clients = await context.clients();
  const root = await openSelected(from, context);
  const flat = await flattened(root, signal);
  // What a digest names is pushed without a name: the digest is another one now.
  const name = place.name !== undefined && isDigest(place.name) ? undefined : place.name;
  const { descriptor } = await transfer(
    context,
    "pushed",
    { ...flags, whole: place.save !== undefined },
    (options) =>
      place.save || name === place.name
        ? copy(flat, to, options)
        : copy(flat, { target: place.target!(clients) }, options),
  );
  const pushed = `${place.container}@${descriptor.digest}`;
  await context.print(flags.json ? `${JSON.stringify({ type: "result", image: pushed })}\n` : `${pushed}\n`);
}

async function flattened(root: Image | Index, signal: AbortSignal): Promise<Image | Index> {
  const options = { createdBy: `gantry flatten ${await root.digest({ signal })}`, workers: "auto" } as const;
  return root instanceof Index ? root.edit(flattenIndex(options)) : root.edit(flatten(options));
}
