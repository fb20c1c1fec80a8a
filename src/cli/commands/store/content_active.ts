import type { Command } from "commander";
import type { CommandContext } from "../../context.ts";
import { jsonOption } from "../../support/options.ts";
import { withStore } from "../../support/store.ts";
import { formatBytes, table } from "../../support/table.ts";

/** `gantry content active` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("[filter...]", "such as ref~=^pull-; one of several must match")
    .addOption(jsonOption())
    .action((filters: string[], flags: { json?: boolean }) =>
      withStore(context, async (there) => {
        const rows = [["REF", "SIZE", "TOTAL", "SINCE"]];
        const writes: object[] = [];
        for await (const one of there.content.listStatuses(filters, { signal: context.signal })) {
          writes.push(one);
          rows.push([
            one.ref,
            formatBytes(one.offset),
            one.total === undefined ? "-" : formatBytes(one.total),
            one.startedAt.toISOString(),
          ]);
        }
        if (flags.json) await context.printJson({ writes });
        else await context.print(table(rows));
      })
    );
}
