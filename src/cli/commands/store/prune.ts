import type { Command } from "commander";
import { unpackedImages } from "../../../images/mod.ts";
import type { CommandContext } from "../../context.ts";
import { jsonOption } from "../../support/options.ts";
import { withStore } from "../../support/store.ts";
import { formatBytes } from "../../support/table.ts";

interface PruneFlags {
  dryRun?: boolean;
  json?: boolean;
}

/** `gantry prune` */
export function define(command: Command, context: CommandContext): void {
  command
    .option("--dry-run", "tell what would be removed, and remove nothing")
    .addOption(jsonOption())
    .action(({ dryRun, json }: PruneFlags) =>
      withStore(context, async (there) => {
        const { signal } = context;
        const unpacked = await unpackedImages(there).prune({ dryRun, signal });
        const { removed, images, bytes } = await there.gc({ dryRun, signal });
        if (json) return await context.printJson({ unpacked, images, content: removed, bytes });
        for (const one of [...unpacked, ...images, ...removed]) await context.print(`${one}\n`);
        await context.log(`${dryRun ? "would free" : "freed"} ${formatBytes(bytes)} of content`);
      })
    );
}
