import type { Command } from "commander";
import type { CommandContext } from "../../context.ts";
import { fullRefOption, jsonOption } from "../../support/options.ts";

/** `gantry catalog` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<registry>", "host, and port if it has one")
    .addOption(fullRefOption("registry", "each"))
    .addOption(jsonOption())
    .action(async (host: string, flags: { fullRef?: boolean; json?: boolean }) => {
      const registries = await context.registries();
      const repositories: string[] = [];
      for await (const repository of registries.catalog(host, { signal: context.signal })) {
        const name = `${flags.fullRef ? `${host}/` : ""}${repository}`;
        if (flags.json) repositories.push(name);
        else await context.print(`${name}\n`);
      }
      if (flags.json) await context.printJson({ registry: host, repositories });
    });
}
