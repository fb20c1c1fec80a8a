import type { Command } from "commander";
import { chunksOf } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { referenceOf } from "../places.ts";
import { readVerified } from "../content/mod.ts";
import { parseReference } from "../spec/reference.ts";
import type { Cli } from "./cli.ts";

/** Adds `gantry blob`. */
export function addBlob(program: Command, cli: Cli): void {
  program.command("blob")
    .description("write a blob from a registry to standard output")
    .argument("<blob>", "REPOSITORY@DIGEST")
    .action((blob: string) => writeBlob(blob, cli));
}

async function writeBlob(blob: string, cli: Cli): Promise<void> {
  const { signal } = cli;
  const { registry: host, repository, digest } = parseReference(referenceOf(blob));
  if (!digest) {
    throw new GantryError("invalid-name", `read blob ${JSON.stringify(blob)}: not REPOSITORY@DIGEST`);
  }
  const source = cli.registry(`${host}/${repository}`);
  const bytes = await readVerified(source, { digest }, { role: "blob", signal });
  for await (const chunk of chunksOf(bytes, signal)) await cli.print(chunk);
}
