import type { Command } from "commander";
import type { CommandContext } from "../../context.ts";
import { fullRefOption } from "../../support/options.ts";

/** `gantry catalog` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<registry>", "host, and port if it has one")
    .addOption(fullRefOption("registry", "each"))
    .action(async (host: string, flags: { fullRef?: boolean }) => {
      const registries = await context.registries();
      for await (const repository of registries.catalog(host, { signal: context.signal })) {
        await context.print(`${flags.fullRef ? `${host}/` : ""}${repository}\n`);
      }
    });
}
