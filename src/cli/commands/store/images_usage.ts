import type { Command } from "commander";
import type { CommandContext } from "../../context.ts";
import { jsonOption } from "../../support/options.ts";
import { imageName, withStore } from "../../support/store.ts";
import { formatBytes, table } from "../../support/table.ts";

/** `gantry images usage` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<image>")
    .addOption(jsonOption())
    .action((image: string, flags: { json?: boolean }) =>
      withStore(context, async (there) => {
        const name = await imageName(there, image);
        const { present } = await there.check(name, { signal: context.signal });
        const size = present.reduce((sum, one) => sum + one.size, 0);
        if (flags.json) return await context.printJson({ name, size, content: present });
        const rows = present.map((one) => [one.digest, formatBytes(one.size), one.mediaType]);
        await context.print(
          table([["DIGEST", "SIZE", "TYPE"], ...rows, ["total", formatBytes(size), ""]]),
        );
      })
    );
}
