import type { Command } from "commander";
import { GantryError } from "../errors.ts";
import { sourcePlace } from "../places.ts";
import { openChosen, openTarball } from "./chosen.ts";
import type { Cli } from "./cli.ts";
import { repositoryNameOf } from "./names.ts";

interface DigestFlags {
  fullRef?: boolean;
  tarball?: string;
}

/** Adds `gantry digest`. */
export function addDigest(program: Command, cli: Cli): void {
  program.command("digest")
    .description("print the digest of an image or index")
    .argument("[image]", "with --tarball its name there, if there are several")
    .option("--full-ref", "print the repository's name before it")
    .option("--tarball <file>", "of an image in an archive")
    .action(async (from: string | undefined, flags: DigestFlags) => {
      await cli.print(`${await lineFor(from, flags, cli)}\n`);
    });
}

async function lineFor(
  from: string | undefined,
  { fullRef, tarball }: DigestFlags,
  cli: Cli,
): Promise<string> {
  if (tarball !== undefined) {
    if (!fullRef) {
      return await (await openTarball(tarball, from, `digest of ${JSON.stringify(tarball)}`, cli)).digest();
    }
    throw new GantryError("invalid-name", "digest: an image in a tarball has no full reference");
  }
  if (from === undefined) {
    throw new GantryError("invalid-name", "digest: an image is needed without --tarball");
  }
  return `${fullRef ? `${repositoryNameOf(from)}@` : ""}${await digestOf(from, cli)}`;
}

async function digestOf(from: string, cli: Cli): Promise<string> {
  const { source, name } = sourcePlace(from, { registry: cli.registry });
  if (cli.platform || name === undefined) return await (await openChosen(from, cli)).digest();
  return (await source.resolve(name, { signal: cli.signal })).descriptor.digest;
}
