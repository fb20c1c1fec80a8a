import type { Command } from "commander";
import { GantryError } from "../../../errors.ts";
import { formatReference, parseReference } from "../../../spec/reference.ts";
import type { Store } from "../../../store/mod.ts";
import type { CommandContext } from "../../context.ts";
import { imageName, withStore } from "../../support/store.ts";

/** `gantry images tag` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<image>")
    .argument("<name...>")
    .option("--force", "take names that are another image's")
    .action((image: string, names: string[], { force }: { force?: boolean }) =>
      withStore(context, async (there) => {
        for (const name of names) {
          await context.print(
            `${await tag(there, image, formatReference(parseReference(name)), force ?? false)}\n`,
          );
        }
      })
    );
}

async function tag(there: Store, from: string, name: string, force: boolean): Promise<string> {
  const { target, labels } = await there.images.get(await imageName(there, from));
  try {
    await there.images.create({ name, target, labels });
  } catch (error) {
    if (!force || !GantryError.is(error, "conflict")) throw error;
    await there.images.update({ name, target, labels });
  }
  return name;
}
