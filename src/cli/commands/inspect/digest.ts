import type { Command } from "commander";
import { GantryError } from "../../../errors.ts";
import { parsePlace, targetOf } from "../../../places/schemes.ts";
import type { CommandContext } from "../../context.ts";
import { openSelected, openTarball } from "../../support/open.ts";
import { fullRefOption } from "../../support/options.ts";

interface DigestFlags {
  fullRef?: boolean;
  tarball?: string;
}

/** `gantry digest` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("[image]", "with --tarball its name there, if there are several")
    .addOption(fullRefOption("repository", "it"))
    .option("--tarball <file>", "of an image in an archive")
    .action(async (from: string | undefined, flags: DigestFlags) => {
      await context.print(`${await lineFor(from, flags, context)}\n`);
    });
}

async function lineFor(
  from: string | undefined,
  { fullRef, tarball }: DigestFlags,
  context: CommandContext,
): Promise<string> {
  if (tarball !== undefined) {
    if (fullRef) {
      throw new GantryError("invalid-name", "digest: an image in a tarball has no full reference");
    }
    const action = `digest of ${JSON.stringify(tarball)}`;
    return await (await openTarball(tarball, from, action, context)).digest();
  }
  if (from === undefined) {
    throw new GantryError("invalid-name", "digest: an image is needed without --tarball");
  }
  return `${fullRef ? `${await repositoryOf(from, context)}@` : ""}${await digestOf(from, context)}`;
}

async function repositoryOf(from: string, context: CommandContext): Promise<string> {
  const place = parsePlace(from);
  targetOf(place, from, { registry: await context.registries() }); // what is no repository has no name of one
  return place.container;
}

/** The digest that the name has. Without a platform nothing needs to be read for it. */
async function digestOf(from: string, context: CommandContext): Promise<string> {
  const place = parsePlace(from);
  if (context.platform || place.name === undefined) {
    return await (await openSelected(from, context)).digest();
  }
  const source = place.source({ registry: await context.registries() });
  return (await source.resolve(place.name, { signal: context.signal })).descriptor.digest;
}
