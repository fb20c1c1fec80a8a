import type { Command } from "commander";
import { GantryError } from "../../../errors.ts";
import type { CommandContext } from "../../context.ts";
import { jsonOption } from "../../support/options.ts";
import { withStore } from "../../support/store.ts";
import { formatBytes } from "../../support/table.ts";

/** `gantry store fsck` */
export function define(command: Command, context: CommandContext): void {
  command
    .option("--repair", "remove wrong bytes, and the records of what is not there")
    .addOption(jsonOption())
    .action(({ repair, json }: { repair?: boolean; json?: boolean }) =>
      withStore(context, async (there) => {
        const { blobs, bytes, problems } = await there.fsck({ repair, signal: context.signal });
        if (json) await context.printJson({ blobs, bytes, problems });
        else for (const problem of problems) await context.print(`${problem}\n`);
        await context.log(`checked ${blobs} blobs, ${formatBytes(bytes)}`);
        if (problems.length === 0 || repair) return;
        throw new GantryError(
          "invalid-document",
          `check ${context.storeDirectory}: ${problems.length} problems; --repair removes what is wrong`,
        );
      })
    );
}
