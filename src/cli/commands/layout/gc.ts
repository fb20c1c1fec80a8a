import type { Command } from "commander";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { GantryError } from "../../../errors.ts";
import { layout } from "../../../layout/mod.ts";
import { parsePathPlace } from "../../../places/schemes.ts";
import type { CommandContext } from "../../context.ts";
import { jsonOption } from "../../support/options.ts";

interface CollectFlags {
  grace: string;
  json?: boolean;
  untagged?: boolean;
}

/** `gantry layout gc` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<directory>", "an OCI image layout")
    .option("--grace <seconds>", "keep what is younger, which somebody may be about to name", "0")
    .option("--untagged", "forget manifests without a name too")
    .addOption(jsonOption())
    .action((path: string, flags: CollectFlags) => collect(path, flags, context));
}

async function collect(
  path: string,
  { grace, json, untagged }: CollectFlags,
  context: CommandContext,
): Promise<void> {
  const directory = parsePathPlace(path)?.path ?? path;
  const seconds = Number(grace);
  if (!(seconds >= 0)) {
    throw new GantryError("invalid-name", `layout gc: --grace is ${JSON.stringify(grace)}, not seconds`);
  }
  if (!await stat(join(directory, "index.json")).catch(() => undefined)) {
    throw new GantryError("not-found", `layout gc ${directory}: there is no index.json in it`);
  }
  const collected = await layout(directory).gc({ grace: seconds, untagged, signal: context.signal });
  if (json) return await context.printJson(collected);
  for (const digest of collected.removed) await context.log(`removed ${digest}`);
}
