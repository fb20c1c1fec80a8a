import type { Command } from "commander";
import type { CommandContext } from "../../context.ts";
import { formatLabels, imageName, parseLabels, withStore } from "../../support/store.ts";

/** `gantry images label` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<image>")
    .argument("<label...>", "KEY=VALUE; an empty value takes the label away")
    .option("-r, --replace-all", "take all other labels away")
    .action((image: string, texts: string[], { replaceAll }: { replaceAll?: boolean }) =>
      withStore(context, async (there) => {
        const { name, target } = await there.images.get(await imageName(there, image));
        const labels = parseLabels(texts);
        const paths = replaceAll ? ["labels"] : Object.keys(labels).map((key) => `labels.${key}`);
        const updated = await there.images.update({ name, target, labels }, paths);
        await context.print(`${formatLabels(updated.labels)}\n`);
      })
    );
}
