import type { Command } from "commander";
import { annotate, annotateManifests, type AnnotationChanges } from "../../../image/mod.ts";
import type { CommandContext } from "../../context.ts";
import { type DestinationFlags, writeEdited } from "../../support/edited.ts";
import { matcherOf } from "../../support/index_entries.ts";
import { addPairs, addValues } from "../../support/lists.ts";
import { requireIndex } from "../../support/open_index.ts";
import { addTransferOptions } from "../../support/transfer.ts";

interface AnnotateFlags extends DestinationFlags {
  annotation?: Record<string, string>;
  annotationRm?: string[];
}

/** `gantry index annotate` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command)
    .argument("<index>")
    .argument("[manifest...]", "digests or platforms of what in it is annotated (default: the index itself)")
    .option("-a, --annotation <name=value>", "annotations to set", addPairs)
    .option("--annotation-rm <name>", "annotations to remove", addValues)
    .option("-t, --tag <index>", "where to write it (default: where it came from)")
    .action(async (from: string, names: string[], flags: AnnotateFlags) => {
      const index = await requireIndex(from, context);
      const removed = (flags.annotationRm ?? []).map((name) => [name, null] as const);
      const changes: AnnotationChanges = { ...Object.fromEntries(removed), ...flags.annotation };
      const edited = names.length === 0
        ? index.edit(annotate(changes))
        : names.reduce((index, name) => index.edit(annotateManifests(matcherOf(name), changes)), index);
      await writeEdited(edited, from, flags, context);
    });
}
