import type { Command } from "commander";
import "../../../codec/mod.ts"; // brings the faster gunzip
import { diffImages, type FileChange, type ImageDiff } from "../../../tree/mod.ts";
import type { CommandContext } from "../../context.ts";
import { openOne } from "../../support/open.ts";
import { jsonOption } from "../../support/options.ts";
import { quoteName } from "../../support/text.ts";

interface DiffFlags {
  json?: boolean;
  semantic?: boolean;
}

/** `gantry diff` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<before>")
    .argument("<after>")
    .option(
      "--semantic",
      "ignore times, the history, how files are spread over layers, and the order of the environment",
    )
    .addOption(jsonOption())
    .action((before: string, after: string, flags: DiffFlags) => print(before, after, flags, context));
}

async function print(
  before: string,
  after: string,
  { json, semantic }: DiffFlags,
  context: CommandContext,
): Promise<void> {
  const { signal } = context;
  const [one, other] = [await openOne(before, context), await openOne(after, context)];
  const diff = await diffImages(one, other, { semantic, signal });
  await (json ? context.printJson({ before, after, ...diff }) : context.print(linesOf(diff)));
}

function linesOf({ config, history, layers, files }: ImageDiff): string {
  const lines: string[] = [];
  for (const { name, before, after } of [...config, ...history, ...layers]) {
    if (before !== undefined) lines.push(`- ${name}: ${JSON.stringify(before)}`);
    if (after !== undefined) lines.push(`+ ${name}: ${JSON.stringify(after)}`);
  }
  return [...lines, ...files.map(fileLine)].map((line) => `${line}\n`).join("");
}

function fileLine({ kind, path, aspects }: FileChange): string {
  if (kind === "changed") return `~ ${quoteName(path)}: ${aspects.join(", ")}`;
  return `${kind === "added" ? "+" : "-"} ${quoteName(path)}`;
}
