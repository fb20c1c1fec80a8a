import type { Command } from "commander";
import { chunksOf } from "../../../bytes.ts";
import { readVerified } from "../../../content/mod.ts";
import { GantryError } from "../../../errors.ts";
import { parsePlace, targetOf } from "../../../places/schemes.ts";
import { isDigest } from "../../../spec/digest.ts";
import type { CommandContext } from "../../context.ts";

/** `gantry blob` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<blob>", "REPOSITORY@DIGEST")
    .action((blob: string) => writeBlob(blob, context));
}

async function writeBlob(blob: string, context: CommandContext): Promise<void> {
  const { signal } = context;
  const place = parsePlace(blob);
  const source = targetOf(place, blob, await context.clients());
  if (place.name === undefined || !isDigest(place.name)) {
    throw new GantryError("invalid-name", `read blob ${JSON.stringify(blob)}: not REPOSITORY@DIGEST`);
  }
  const bytes = await readVerified(source, { digest: place.name }, { role: "blob", signal });
  for await (const chunk of chunksOf(bytes, signal)) await context.print(chunk);
}
