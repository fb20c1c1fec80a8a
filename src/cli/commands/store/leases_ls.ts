import type { Command } from "commander";
import type { CommandContext } from "../../context.ts";
import { jsonOption } from "../../support/options.ts";
import { formatLabels, withStore } from "../../support/store.ts";
import { table } from "../../support/table.ts";

/** `gantry leases ls` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("[filter...]", "such as labels.env==prod; one of several must match")
    .addOption(jsonOption())
    .action((filters: string[], flags: { json?: boolean }) =>
      withStore(context, async (there) => {
        const rows = [["ID", "SINCE", "UNTIL", "LABELS"]];
        const leases: object[] = [];
        for await (const lease of there.leases.list(filters, { signal: context.signal })) {
          leases.push(lease);
          const { id, createdAt, expires, labels } = lease;
          rows.push([id, createdAt.toISOString(), expires?.toISOString() ?? "-", formatLabels(labels)]);
        }
        if (flags.json) await context.printJson({ leases });
        else await context.print(table(rows));
      })
    );
}
