import type { Command } from "commander";
import type { CommandContext } from "../../context.ts";
import { imageName, withStore } from "../../support/store.ts";

/** `gantry images rm` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<image...>")
    .option("--sync", "collect the garbage too, and wait for it")
    .action((images: string[], { sync }: { sync?: boolean }) =>
      withStore(context, async (there) => {
        const { signal } = context;
        for (const [i, image] of images.entries()) {
          const name = await imageName(there, image);
          await there.images.delete(name, { synchronous: sync && i === images.length - 1, signal });
          await context.print(`${name}\n`);
        }
      })
    );
}
