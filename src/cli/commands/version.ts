import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { jsonOption } from "../support/options.ts";
import { commit, version, versionLine } from "../version.ts";

/** `gantry version` */
export function define(command: Command, context: CommandContext): void {
  command
    .addOption(jsonOption())
    .action(async ({ json }: { json?: boolean }) => {
      if (json) await context.printJson({ version, ...(commit && { commit }) });
      else await context.print(versionLine);
    });
}
