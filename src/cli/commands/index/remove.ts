import type { Command } from "commander";
import { removeManifests } from "../../../image/mod.ts";
import type { CommandContext } from "../../context.ts";
import { type DestinationFlags, writeEdited } from "../../support/edited.ts";
import { matcherOf } from "../../support/index_entries.ts";
import { requireIndex } from "../../support/open_index.ts";
import { addTransferOptions } from "../../support/transfer.ts";

/** `gantry index remove` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command)
    .argument("<index>")
    .argument("<manifest...>", "digests or platforms of what goes")
    .option("-t, --tag <index>", "where to write it (default: where it came from)")
    .action(async (from: string, names: string[], flags: DestinationFlags) => {
      const index = await requireIndex(from, context);
      // One after the other, so that each that is not there is told.
      const edited = names.reduce((index, name) => index.edit(removeManifests(matcherOf(name))), index);
      await writeEdited(edited, from, flags, context);
    });
}
