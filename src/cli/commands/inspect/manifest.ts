import type { Command } from "commander";
import type { CommandContext } from "../../context.ts";
import { openSelected } from "../../support/open.ts";

/** `gantry manifest` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<image>")
    .action(async (from: string) => {
      const root = await openSelected(from, context);
      await context.print(await root.rawManifest({ signal: context.signal }));
    });
}
