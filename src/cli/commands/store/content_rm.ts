import type { Command } from "commander";
import { parseDigest } from "../../../spec/digest.ts";
import type { CommandContext } from "../../context.ts";
import { withStore } from "../../support/store.ts";

/** `gantry content rm` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<digest...>")
    .action((digests: string[]) =>
      withStore(context, async (there) => {
        for (const digest of digests.map((text) => parseDigest(text))) {
          await there.content.delete(digest, { signal: context.signal });
          await context.print(`${digest}\n`);
        }
      })
    );
}
