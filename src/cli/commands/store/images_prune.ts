import { type Command, InvalidArgumentError } from "commander";
import { GantryError } from "../../../errors.ts";
import { outdated } from "../../../store/mod.ts";
import type { CommandContext } from "../../context.ts";
import { withStore } from "../../support/store.ts";

interface PruneFlags {
  dryRun?: boolean;
  keepLast?: number;
  olderThan?: number;
}

/** `gantry images prune` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("[filter...]", "such as name~=nightly; one of several must match")
    .option("--keep-last <n>", "keep the last so many of each repository", parseNumber)
    .option("--older-than <seconds>", "only what has not been changed for so long", parseNumber)
    .option("--dry-run", "tell which names would be taken away, and take none")
    .action((filters: string[], flags: PruneFlags) => prune(filters, flags, context));
}

async function prune(
  filter: string[],
  { dryRun, keepLast, olderThan }: PruneFlags,
  context: CommandContext,
): Promise<void> {
  if (keepLast === undefined && olderThan === undefined) {
    throw new GantryError("invalid-argument", "prune images: say which, with --keep-last or --older-than");
  }
  await withStore(context, async (there) => {
    const { signal } = context;
    const images = await Array.fromAsync(there.images.list([], { signal }));
    for (const { name, target } of outdated(images, [{ filter, keepLast, olderThan }])) {
      // Unless it has been given to another image meanwhile.
      if (!dryRun) await there.images.delete(name, { target, signal });
      await context.print(`${name}\n`);
    }
  });
}

function parseNumber(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a number.");
}
