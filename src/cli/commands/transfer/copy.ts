import { type Command, InvalidArgumentError } from "commander";
import { requireMethod } from "../../../content/require_method.ts";
import type { Target } from "../../../content/mod.ts";
import { GantryError } from "../../../errors.ts";
import { copy, type CopyOptions } from "../../../places/copy.ts";
import type { Clients } from "../../../places/scheme.ts";
import { parseContainer, parsePlace, placeUsage, targetOf } from "../../../places/schemes.ts";
import type { Digest } from "../../../spec/digest.ts";
import type { CommandContext } from "../../context.ts";
import { isLike } from "../../support/glob.ts";
import type { ProgressFlags } from "../../support/progress.ts";
import { addTransferOptions, transfer } from "../../support/transfer.ts";

interface CopyFlags extends ProgressFlags {
  allTags?: boolean;
  artifactType?: string;
  /** False with --no-clobber. */
  clobber: boolean;
  exclude?: string[];
  include?: string[];
  jobs?: number;
  link?: boolean;
  recursive?: boolean;
  referrers?: boolean;
  sparse?: boolean;
}

/** `gantry copy` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command)
    .argument("<src>", placeUsage)
    .argument("<dst>")
    .option("-a, --all-tags", "copy all tags of one repository to another")
    .option("-r, --recursive", "copy all of a repository and of those below it, in Google's registries")
    .option("--include <glob...>", "with --all-tags: only tags that are like one of these, such as 'v1.*'")
    .option("--exclude <glob...>", "with --all-tags: no tags that are like one of these")
    .option(
      "--referrers",
      "copy signatures, SBOMs and attestations too, as referrers and as cosign tags them",
    )
    .option("--artifact-type <type>", "with --referrers: only those of this type")
    .option("-n, --no-clobber", "leave tags alone that are there already")
    .option("-j, --jobs <int>", "how many blobs are copied at once (default: 6)", parseCount)
    .option("--sparse", "with --platform: keep the index whole, though it names images that are not copied")
    .option("--link", "share blobs between layouts on one disk by hard links")
    .action((from: string, to: string, flags: CopyFlags) => copyOf(flags)(from, to, flags, context));
}

function copyOf({ allTags, recursive }: CopyFlags): typeof copyOne {
  if (recursive) return copyBelow;
  return allTags ? copyAll : copyOne;
}

/** What the library is told. */
function optionsOf(flags: CopyFlags, { platforms }: CommandContext): CopyOptions {
  const { artifactType, jobs, link, referrers, sparse } = flags;
  if (artifactType !== undefined && !referrers) {
    throw new GantryError("invalid-name", "copy: --artifact-type means which --referrers");
  }
  return { platform: platforms, sparse, concurrency: jobs, link, referrers: referrers && { artifactType } };
}

async function copyOne(from: string, to: string, flags: CopyFlags, context: CommandContext): Promise<void> {
  const { signal } = context;
  const more = optionsOf(flags, context);
  if (flags.include || flags.exclude) {
    throw new GantryError("invalid-name", "copy: --include and --exclude mean which of --all-tags");
  }
  const clients = await context.clients();
  if (!flags.clobber) await requireFree(from, to, clients, signal);
  const whole = parsePlace(to).save !== undefined;
  await transfer(
    context,
    "pushed",
    { ...flags, whole },
    (options) => copy(from, to, { ...options, ...more }),
  );
}

async function copyAll(from: string, to: string, flags: CopyFlags, context: CommandContext): Promise<void> {
  const { signal } = context;
  const more = optionsOf(flags, context);
  const clients = { ...await context.clients(), link: flags.link };
  const source = parseContainer(from).source(clients);
  const target = targetOf(parseContainer(to), to, clients);
  await transfer(context, "pushed", flags, async (options) => {
    // One after the other: the blobs of one image are copied at once, and many tags share them.
    for await (const name of requireMethod(source, "names", `list the tags of ${from}`)({ signal })) {
      if (!isWanted(name, flags)) continue;
      if (!flags.clobber && await digestAt(target, name, signal)) continue;
      await copy({ source, name }, { target, name }, { ...options, ...more });
    }
  });
}

/** Copies a repository and those below it to others of the same names below another: tagged manifests and untagged ones. */
async function copyBelow(from: string, to: string, flags: CopyFlags, context: CommandContext): Promise<void> {
  const { signal } = context;
  const more = optionsOf(flags, context);
  const { registry } = await context.clients();
  const [above, below] = [parseContainer(from).container, parseContainer(to).container];
  await transfer(context, "pushed", flags, async (options) => {
    for await (const { repository, manifests, tags } of registry.below(above, { signal })) {
      const [source, target] = [registry(repository), registry(below + repository.slice(above.length))];
      const names = manifests
        ? [...manifests].flatMap(([digest, tags]) => tags.length > 0 ? tags : digest)
        : tags;
      for (const name of names) {
        if (!isWanted(name, flags)) continue;
        if (!flags.clobber && await digestAt(target, name, signal)) continue;
        await copy({ source, name }, { target, name }, { ...options, ...more });
      }
    }
  });
}

function isWanted(tag: string, { include = ["*"], exclude = [] }: CopyFlags): boolean {
  const isOneOf = (patterns: string[]) => patterns.some((pattern) => isLike(tag, pattern));
  return isOneOf(include) && !isOneOf(exclude);
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
