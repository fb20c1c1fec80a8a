import { type Command, InvalidArgumentError } from "commander";
import { requireMethod } from "../../../content/require_method.ts";
import type { Target } from "../../../content/mod.ts";
import { GantryError } from "../../../errors.ts";
import { copy } from "../../../places/copy.ts";
import type { Clients } from "../../../places/scheme.ts";
import { parseContainer, parsePlace, placeUsage, targetOf } from "../../../places/schemes.ts";
import type { Digest } from "../../../spec/digest.ts";
import type { CommandContext } from "../../context.ts";
import type { ProgressFlags } from "../../support/progress.ts";
import { addTransferOptions, transfer } from "../../support/transfer.ts";

interface CopyFlags extends ProgressFlags {
  allTags?: boolean;
  /** False with --no-clobber. */
  clobber: boolean;
  jobs?: number;
  link?: boolean;
}

/** `gantry copy` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command)
    .argument("<src>", placeUsage)
    .argument("<dst>")
    .option("-a, --all-tags", "copy all tags of one repository to another")
    .option("-n, --no-clobber", "leave tags alone that are there already")
    .option("-j, --jobs <int>", "how many blobs are copied at once (default: 4)", parseCount)
    .option("--link", "share blobs between layouts on one disk by hard links")
    .action((from: string, to: string, flags: CopyFlags) =>
      flags.allTags ? copyAll(from, to, flags, context) : copyOne(from, to, flags, context)
    );
}

async function copyOne(from: string, to: string, flags: CopyFlags, context: CommandContext): Promise<void> {
  const { signal, platform } = context;
  const clients = { registry: await context.registries(), link: flags.link };
  if (!flags.clobber) await requireFree(from, to, clients, signal);
  const whole = parsePlace(to).save !== undefined;
  await transfer(
    context,
    "pushed",
    { ...flags, whole },
    (options) => copy(from, to, { ...options, platform, concurrency: flags.jobs, link: flags.link }),
  );
}

async function copyAll(from: string, to: string, flags: CopyFlags, context: CommandContext): Promise<void> {
  const { signal, platform } = context;
  const clients = { registry: await context.registries(), link: flags.link };
  const source = parseContainer(from).source(clients);
  const target = targetOf(parseContainer(to), to, clients);
  await transfer(context, "pushed", flags, async (options) => {
    // One after the other: the blobs of one image are copied at once, and many tags share them.
    for await (const name of requireMethod(source, "names", `list the tags of ${from}`)({ signal })) {
      if (!flags.clobber && await digestAt(target, name, signal)) continue;
      await copy({ source, name }, { target, name }, { ...options, platform, concurrency: flags.jobs });
    }
  });
}

/** Makes sure that nothing is overwritten: a name, or a file that is written whole. */
async function requireFree(from: string, to: string, clients: Clients, signal: AbortSignal): Promise<void> {
  const place = parsePlace(to);
  const refuse = (what: string) =>
    new GantryError("conflict", `copy ${from}: refusing to clobber existing ${what}`);
  if (place.exists) {
    if (await place.exists()) throw refuse(`file ${place.path}`);
    return;
  }
  const found = place.name !== undefined &&
    await digestAt(targetOf(place, to, clients), place.name, signal);
  if (found) throw refuse(`tag ${to}@${found}`);
}

/** The digest that a name has now. Some registries answer "denied" for a name that is not there. */
async function digestAt(target: Target, name: string, signal: AbortSignal): Promise<Digest | undefined> {
  try {
    return (await target.resolve(name, { signal })).descriptor.digest;
  } catch (error) {
    if (GantryError.is(error, "not-found", "denied")) return undefined;
    throw error;
  }
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a number from 1 to 9999.");
}
