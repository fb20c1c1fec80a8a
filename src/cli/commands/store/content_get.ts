import type { Command } from "commander";
import { chunksOf } from "../../../bytes.ts";
import { verifying } from "../../../digest/mod.ts";
import { parseDigest } from "../../../spec/digest.ts";
import type { CommandContext } from "../../context.ts";
import { withStore } from "../../support/store.ts";

/** `gantry content get` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<digest>")
    .action((text: string) =>
      withStore(context, async (there) => {
        const { signal } = context;
        const digest = parseDigest(text);
        const bytes = await there.content.open({ digest }, { signal });
        const verified = bytes.pipeThrough(verifying({ digest }, { what: `content ${digest}` }));
        for await (const chunk of chunksOf(verified, signal)) await context.print(chunk);
      })
    );
}
