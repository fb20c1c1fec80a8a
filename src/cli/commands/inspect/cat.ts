import type { Command } from "commander";
import "../../../codec/mod.ts"; // brings the faster gunzip
import { chunksOf } from "../../../bytes.ts";
import { GantryError } from "../../../errors.ts";
import { findFile } from "../../../tree/mod.ts";
import type { CommandContext } from "../../context.ts";
import { openOne } from "../../support/open.ts";

/** `gantry cat` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<image>")
    .argument("<path>", "of a file in it; symlinks are followed")
    .action((from: string, path: string) => print(from, path, context));
}

async function print(from: string, path: string, context: CommandContext): Promise<void> {
  const { signal } = context;
  await using file = await findFile(await openOne(from, context), path, { signal });
  if (file.type !== "file") {
    throw new GantryError("unsupported", `print ${JSON.stringify(path)}: it is a ${file.type}`);
  }
  for await (const chunk of chunksOf(file.readable, signal)) await context.print(chunk);
}
