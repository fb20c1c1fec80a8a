import type { Command } from "commander";
import { GantryError } from "../../../errors.ts";
import { loadPlace } from "../../../places/load.ts";
import type { Descriptor } from "../../../spec/descriptor.ts";
import type { CommandContext } from "../../context.ts";
import { fullRefOption, jsonOption } from "../../support/options.ts";

interface DigestFlags {
  fullRef?: boolean;
  json?: boolean;
  tarball?: string;
}

/** `gantry digest` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("[image]", "with --tarball its name there, if there are several")
    .addOption(fullRefOption("repository", "it"))
    .addOption(jsonOption())
    .option("--tarball <file>", "of an image in an archive")
    .action(async (from: string | undefined, flags: DigestFlags) => {
      const { prefix, descriptor } = await find(from, flags, context);
      if (flags.json) await context.printJson({ ...(prefix && { repository: prefix }), ...descriptor });
      else await context.print(`${prefix && `${prefix}@`}${descriptor.digest}\n`);
    });
}

/** What the name stands for, and the repository to be printed before it. */
async function find(
  from: string | undefined,
  { fullRef, tarball }: DigestFlags,
  context: CommandContext,
): Promise<{ prefix: string; descriptor: Descriptor }> {
  const { signal } = context;
  if (tarball !== undefined) {
    if (fullRef) {
      throw new GantryError("invalid-name", "digest: an image in a tarball has no full reference");
    }
    const action = `digest of ${JSON.stringify(tarball)}`;
    const { openTarball } = await import("../../support/open.ts");
    const root = await openTarball(tarball, from, action, context);
    return { prefix: "", descriptor: await root.descriptor({ signal }) };
  }
  if (from === undefined) {
    throw new GantryError("invalid-name", "digest: an image is needed without --tarball");
  }
  const prefix = fullRef ? await repositoryOf(from, context) : "";
  return { prefix, descriptor: await descriptorOf(from, context) };
}

async function repositoryOf(from: string, context: CommandContext): Promise<string> {
  const place = await loadPlace(from);
  const { targetOf } = await import("../../../places/schemes.ts");
  targetOf(place, from, await context.clients()); // what is no repository has no name of one
  return place.container;
}

/** What the name stands for. Without a platform nothing needs to be read for it. */
async function descriptorOf(from: string, context: CommandContext): Promise<Descriptor> {
  const { platform, signal } = context;
  const place = await loadPlace(from);
  if (platform || place.name === undefined) {
    const { openSelected } = await import("../../support/open.ts");
    return await (await openSelected(from, context)).descriptor({ signal });
  }
  const source = place.source(await context.clients());
  const { name } = place;
  const resolved = await source.resolve(name, { signal }).catch((error) => {
    if (!GantryError.is(error, "not-found")) throw error;
    // A registry answers HEAD without saying what is missing.
    return source.resolve(name, { document: true, signal });
  });
  return resolved.descriptor;
}
