import type { Command } from "commander";
import { unpackedImages } from "../../../images/mod.ts";
import type { CommandContext } from "../../context.ts";
import { imageName, withStore } from "../../support/store.ts";

/** `gantry images rm` and `gantry rmi` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<image...>")
    .option("--sync", "collect the garbage too, and wait for it")
    .action((images: string[], { sync }: { sync?: boolean }) =>
      withStore(context, async (there) => {
        const { signal } = context;
        for (const image of images) {
          const name = await imageName(there, image);
          await unpackedImages(there).remove(name, { signal });
          await context.print(`${name}\n`);
        }
        if (sync) await there.gc({ signal });
      })
    );
}
