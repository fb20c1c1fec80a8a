import type { Command } from "commander";
import type { CommandContext } from "../../context.ts";
import { jsonOption } from "../../support/options.ts";
import { platformsAsked, withStore } from "../../support/store.ts";
import { formatBytes, table } from "../../support/table.ts";

/** `gantry images check` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("[filter...]", "such as name~=alpine; one of several must match")
    .option("-q, --quiet", "print the names only of images that are whole")
    .addOption(jsonOption())
    .action((filters: string[], flags: { quiet?: boolean; json?: boolean }) =>
      withStore(context, async (there) => {
        const { signal } = context;
        const platforms = await platformsAsked(context);
        const rows = [["REF", "DIGEST", "STATUS", "SIZE"]];
        const images: object[] = [];
        for await (const { name, target } of there.images.list(filters, { signal })) {
          const { complete, required, present, missing } = await there.check(name, { platforms, signal });
          if (flags.quiet && complete) await context.print(`${name}\n`);
          const [here, all] = [sizeOf(present), sizeOf(required)];
          images.push({ name, digest: target.digest, complete, size: all, missing });
          rows.push([
            name,
            target.digest,
            `${complete ? "complete" : "incomplete"} (${present.length}/${required.length})`,
            `${formatBytes(here)}/${formatBytes(all)}`,
          ]);
        }
        if (flags.json) await context.printJson({ images });
        else if (!flags.quiet) await context.print(table(rows));
      })
    );
}

function sizeOf(all: readonly { size: number }[]): number {
  return all.reduce((sum, { size }) => sum + size, 0);
}
