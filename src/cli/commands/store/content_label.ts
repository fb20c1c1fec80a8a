import type { Command } from "commander";
import { parseDigest } from "../../../spec/digest.ts";
import type { CommandContext } from "../../context.ts";
import { formatLabels, parseLabels, withStore } from "../../support/store.ts";

/** `gantry content label` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<digest>")
    .argument("<label...>", "KEY=VALUE; an empty value takes the label away")
    .action((text: string, texts: string[]) =>
      withStore(context, async (there) => {
        const labels = parseLabels(texts);
        const paths = Object.keys(labels).map((key) => `labels.${key}`);
        const updated = await there.content.update({ digest: parseDigest(text), labels }, paths);
        await context.print(`${formatLabels(updated.labels)}\n`);
      })
    );
}
