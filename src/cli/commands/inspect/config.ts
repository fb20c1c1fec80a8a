import type { Command } from "commander";
import { image } from "../../../places/open.ts";
import type { CommandContext } from "../../context.ts";

/** `gantry config` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<image>")
    .action(async (from: string) => {
      const { signal, platform } = context;
      const found = await image(from, { ...await context.clients(), signal, platform });
      await context.print(await found.rawConfigFile({ signal }));
    });
}
