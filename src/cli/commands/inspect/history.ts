import type { Command } from "commander";
import { imageHistory } from "../../../tree/mod.ts";
import type { CommandContext } from "../../context.ts";
import { openOne } from "../../support/open.ts";
import { jsonOption } from "../../support/options.ts";
import { columns, quoteName } from "../../support/text.ts";

/** `gantry history` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<image>")
    .addOption(jsonOption())
    .action((from: string, flags: { json?: boolean }) => print(from, flags, context));
}

async function print(from: string, { json }: { json?: boolean }, context: CommandContext): Promise<void> {
  const { signal } = context;
  const history = await imageHistory(await openOne(from, context), { signal });
  if (json) return await context.printJson({ image: from, history });
  const rows = history.map(({ created, createdBy = "", layer, comment }) => [
    created ?? "",
    layer ? layer.descriptor.digest.slice(0, 19) : "",
    layer ? layer.descriptor.size : "",
    quoteName(comment ? `${createdBy} # ${comment}` : createdBy),
  ]);
  await context.print(columns([["CREATED", "LAYER", "SIZE", "CREATED BY"], ...rows]));
}
