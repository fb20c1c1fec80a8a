import { type Command, InvalidArgumentError } from "commander";
import { stat } from "node:fs/promises";
import type { Target } from "../content/mod.ts";
import { GantryError } from "../errors.ts";
import { copy, place, splitArchive } from "../places.ts";
import type { Digest } from "../spec/digest.ts";
import type { Cli } from "./cli.ts";
import { repositoryOf } from "./names.ts";

interface CopyFlags {
  allTags?: boolean;
  /** False with --no-clobber. */
  clobber: boolean;
  jobs?: number;
}

/** Adds `gantry copy`. */
export function addCopy(program: Command, cli: Cli): void {
  program.command("copy").alias("cp")
    .description("copy an image from one place to another; its digest stays the same")
    .argument("<src>", "REGISTRY/NAME:TAG, or oci:, docker-archive:, oci-archive:PATH[:NAME]")
    .argument("<dst>")
    .option("-a, --all-tags", "copy all tags of one repository to another")
    .option("-n, --no-clobber", "leave tags alone that are there already")
    .option("-j, --jobs <int>", "how many blobs are on their way at once; 4 unless told", count)
    .action((from: string, to: string, flags: CopyFlags) =>
      flags.allTags ? copyAll(from, to, flags, cli) : copyOne(from, to, flags, cli)
    );
}

async function copyOne(from: string, to: string, flags: CopyFlags, cli: Cli): Promise<void> {
  if (!flags.clobber) await requireFree(from, to, cli);
  await copy(from, to, { ...cli.transfer("pushed"), platform: cli.platform, concurrency: flags.jobs });
}

async function copyAll(from: string, to: string, flags: CopyFlags, cli: Cli): Promise<void> {
  const { signal, platform } = cli;
  const { target: source } = repositoryOf(from, cli);
  const { target } = repositoryOf(to, cli);
  // One after the other: the blobs of one image are on their way at once, and many tags share them.
  for await (const name of source.names?.({ signal }) ?? []) {
    if (!flags.clobber && await digestAt(target, name, signal)) continue;
    await copy({ source, name }, { target, name }, {
      ...cli.transfer("pushed"),
      platform,
      concurrency: flags.jobs,
    });
  }
}

/** Makes sure that nothing is overwritten: a name, or an archive, which is written whole. */
async function requireFree(from: string, to: string, { signal, registry }: Cli): Promise<void> {
  const file = splitArchive(to)?.file;
  if (file !== undefined) {
    if (!await stat(file).catch(() => undefined)) return;
    throw new GantryError("conflict", `copy ${from}: refusing to clobber existing file ${file}`);
  }
  const { target, name } = place(to, { registry });
  const found = name !== undefined && await digestAt(target, name, signal);
  if (found) {
    throw new GantryError("conflict", `copy ${from}: refusing to clobber existing tag ${to}@${found}`);
  }
}

/** What has a name now. Some registries forbid to ask for what is not there. */
async function digestAt(target: Target, name: string, signal: AbortSignal): Promise<Digest | undefined> {
  try {
    return (await target.resolve(name, { signal })).descriptor.digest;
  } catch (error) {
    if (GantryError.is(error, "not-found", "denied")) return undefined;
    throw error;
  }
}

function count(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a number from 1 to 9999.");
}
