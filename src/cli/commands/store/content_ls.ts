import type { Command } from "commander";
import type { CommandContext } from "../../context.ts";
import { jsonOption } from "../../support/options.ts";
import { formatLabels, withStore } from "../../support/store.ts";
import { formatBytes, table } from "../../support/table.ts";

/** `gantry content ls` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("[filter...]", "such as labels.env==prod; one of several must match")
    .option("-q, --quiet", "print the digests only")
    .addOption(jsonOption())
    .action((filters: string[], flags: { quiet?: boolean; json?: boolean }) =>
      withStore(context, async (there) => {
        const rows = [["DIGEST", "SIZE", "SINCE", "LABELS"]];
        const content: object[] = [];
        for await (const one of there.content.walk(filters, { signal: context.signal })) {
          if (flags.quiet) await context.print(`${one.digest}\n`);
          content.push(one);
          rows.push([
            one.digest,
            formatBytes(one.size),
            one.createdAt.toISOString(),
            formatLabels(one.labels),
          ]);
        }
        if (flags.json) await context.printJson({ content });
        else if (!flags.quiet) await context.print(table(rows));
      })
    );
}
