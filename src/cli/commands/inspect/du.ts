import type { Command } from "commander";
import "../../../codec/mod.ts"; // brings the faster gunzip
import { layerUsage } from "../../../tree/mod.ts";
import type { CommandContext } from "../../context.ts";
import { openOne } from "../../support/open.ts";
import { jsonOption } from "../../support/options.ts";
import { columns, quoteName } from "../../support/text.ts";

/** `gantry du` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<image>")
    .addOption(jsonOption())
    .action((from: string, flags: { json?: boolean }) => print(from, flags, context));
}

async function print(from: string, { json }: { json?: boolean }, context: CommandContext): Promise<void> {
  const { signal } = context;
  const layers = await layerUsage(await openOne(from, context), { signal });
  const total = { size: 0, paths: 0, added: 0, hidden: 0, wasted: 0 };
  for (const layer of layers) {
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += layer[key];
  }
  if (json) return await context.printJson({ image: from, layers, total });
  const row = ({ size, paths, added, hidden, wasted }: typeof total) => [size, paths, added, hidden, wasted];
  await context.print(columns([
    ["LAYER", "SIZE", "PATHS", "ADDED", "HIDDEN", "WASTED", "CREATED BY"],
    ...layers.map((layer) => [layer.digest.slice(0, 19), ...row(layer), quoteName(layer.createdBy ?? "")]),
    ["total", ...row(total), ""],
  ]));
}
