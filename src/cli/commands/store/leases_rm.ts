import type { Command } from "commander";
import type { CommandContext } from "../../context.ts";
import { withStore } from "../../support/store.ts";

/** `gantry leases rm` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<id...>")
    .option("--sync", "collect the garbage too, and wait for it")
    .action((ids: string[], { sync }: { sync?: boolean }) =>
      withStore(context, async (there) => {
        const { signal } = context;
        for (const [i, id] of ids.entries()) {
          await there.leases.delete(id, { synchronous: sync && i === ids.length - 1, signal });
          await context.print(`${id}\n`);
        }
      })
    );
}
