import { type Command, InvalidArgumentError } from "commander";
import "../../../codec/mod.ts"; // brings gzip
import { selectImage } from "../../../image/mod.ts";
import { openPlace } from "../../../places/open.ts";
import { squash, type SquashOptions } from "../../../tree/mod.ts";
import type { CommandContext } from "../../context.ts";
import { type DestinationFlags, editRoot, writeEdited } from "../../support/edited.ts";
import { openSelected } from "../../support/open.ts";
import { addTransferOptions } from "../../support/transfer.ts";

interface SquashFlags extends DestinationFlags {
  base?: string;
  from?: number;
  to?: number;
}

/** `gantry squash` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command)
    .argument("<image>")
    .option("--base <image>", "the layers above those of this image become one")
    .option("--from <n>", "the first layer that is squashed, from 0 at the base (default: 0)", parsePosition)
    .option("--to <n>", "the layer after the last one (default: all above)", parsePosition)
    .option("-t, --tag <image>", "where to write it (default: where it came from)")
    .action((image: string, flags: SquashFlags) => squashTo(image, flags, context));
}

async function squashTo(image: string, flags: SquashFlags, context: CommandContext): Promise<void> {
  const { signal } = context;
  const root = await openSelected(image, context);
  const base = flags.base === undefined
    ? undefined
    : await openPlace(flags.base, { ...await context.clients(), signal });
  const edited = await editRoot(root, async (one) => {
    const { os, architecture } = await one.config({ signal });
    const from: SquashOptions["from"] = base
      ? await selectImage(base, { os, architecture }, { signal })
      : flags.from;
    return one.edit(squash({ from, to: flags.to, workers: "auto" }));
  }, context);
  await writeEdited(edited, image, flags, context);
}

function parsePosition(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is the number of a layer.");
}
