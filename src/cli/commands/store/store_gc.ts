import { type Command, InvalidArgumentError } from "commander";
import type { CommandContext } from "../../context.ts";
import { jsonOption } from "../../support/options.ts";
import { withStore } from "../../support/store.ts";
import { formatBytes } from "../../support/table.ts";

interface GcFlags {
  dryRun?: boolean;
  grace?: number;
  json?: boolean;
}

/** `gantry store gc` */
export function define(command: Command, context: CommandContext): void {
  command
    .option("--dry-run", "tell what would be removed, and remove nothing")
    .option("--grace <seconds>", "how old it must be at least (default: 3600)", parseSeconds)
    .addOption(jsonOption())
    .action(({ dryRun, grace, json }: GcFlags) =>
      withStore(context, async (there) => {
        const { signal } = context;
        const { removed, images, bytes } = await there.gc({ dryRun, grace, signal });
        if (json) return await context.printJson({ images, content: removed, bytes });
        for (const one of [...images, ...removed]) await context.print(`${one}\n`);
        await context.log(`${dryRun ? "would free" : "freed"} ${formatBytes(bytes)}`);
      })
    );
}

function parseSeconds(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a number of seconds.");
}
