import type { Command } from "commander";
import type { CommandContext } from "../../context.ts";
import { jsonOption } from "../../support/options.ts";

/** `gantry ratelimit` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<img>")
    .addOption(jsonOption())
    .action(async (image: string, flags: { json?: boolean }) => {
      const found = await (await context.registries()).rateLimit(image, { signal: context.signal });
      if (flags.json) return await context.printJson(found);
      const { limit, remaining, window, source } = found;
      if (limit === undefined && remaining === undefined) {
        return await context.print("the registry tells of no limit\n");
      }
      const hours = window === undefined ? "" : ` in ${Math.round(window / 360) / 10} h`;
      const whose = source === undefined ? "" : `, counted for ${source}`;
      await context.print(`${remaining ?? "?"} of ${limit ?? "?"} pulls${hours} left${whose}\n`);
    });
}
