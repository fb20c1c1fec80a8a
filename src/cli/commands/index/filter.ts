import type { Command } from "commander";
import { filterManifests, forPlatforms } from "../../../image/mod.ts";
import type { CommandContext } from "../../context.ts";
import { type DestinationFlags, writeEdited } from "../../support/edited.ts";
import { requireIndex } from "../../support/open_index.ts";
import { addTransferOptions } from "../../support/transfer.ts";

/** `gantry index filter` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command)
    .argument(
      "<index>",
      "keeps what is for one of --platform, in which parts that are left out may be anything",
    )
    .option("-t, --tag <index>", "where to write it (default: where it came from)")
    .action(async (from: string, flags: DestinationFlags) => {
      const index = await requireIndex(from, context);
      const { platforms } = context;
      const edited = platforms ? index.edit(filterManifests(forPlatforms(platforms))) : index;
      await writeEdited(edited, from, flags, context);
    });
}
