import type { Command } from "commander";
import { parsePlace } from "../../../places/schemes.ts";
import { GantryError } from "../../../errors.ts";
import type { CommandContext } from "../../context.ts";
import { platformsAsked, withStore } from "../../support/store.ts";
import type { ProgressFlags } from "../../support/progress.ts";
import { addTransferOptions, transfer } from "../../support/transfer.ts";

/** `gantry content fetch` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command)
    .argument("<image>")
    .action((image: string, flags: ProgressFlags) =>
      withStore(context, async (there) => {
        const { signal } = context;
        const place = parsePlace(image);
        const { reference, name } = place;
        if (!reference || name === undefined) {
          throw new GantryError("invalid-name", `fetch ${JSON.stringify(image)}: not an image of a registry`);
        }
        const source = place.source(await context.clients());
        const platforms = await platformsAsked(context);
        const { descriptor } = await source.resolve(name, { signal });
        const { registry, repository } = reference;
        const by = `${registry}/${repository}@${descriptor.digest}`;
        await transfer(context, "pulled", flags, (options) =>
          there.pull(source, by, { platforms, ...options }));
        if (!flags.json) {
          await context.print(`${descriptor.digest}\n`);
        }
      })
    );
}
