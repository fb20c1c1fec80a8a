import type { Command } from "commander";
import { GantryError } from "../../../errors.ts";
import { checkBase, type Image, Index, rebase, selectImage } from "../../../image/mod.ts";
import { openPlace } from "../../../places/open.ts";
import { parsePlace } from "../../../places/schemes.ts";
import { annotations } from "../../../spec/annotations.ts";
import { formatReference } from "../../../spec/reference.ts";
import type { CommandContext } from "../../context.ts";
import { type DestinationFlags, editRoot, writeEdited } from "../../support/edited.ts";
import { openSelected } from "../../support/open.ts";
import { addTransferOptions } from "../../support/transfer.ts";

interface RebaseFlags extends DestinationFlags {
  check?: boolean;
  old_base?: string;
  new_base?: string;
  original?: string;
  rebased?: string;
}

/** `gantry rebase` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command)
    .argument("[image]", "all platforms of an index, or those of --platform")
    .option("--old_base <image>", "the base it was built on (default: the one that it names)")
    .option("--new_base <image>", "the base to put it on (default: what has that name now)")
    .option("--check", "only tell whether its base is current; fails when it is not")
    .option("-t, --tag <image>", "where to write it (default: where it came from)")
    .option("--original <image>", "the image, as older versions of crane have it")
    .option("--rebased <image>", "the same as --tag, as older versions of crane have it")
    .action((image: string | undefined, flags: RebaseFlags) => {
      const from = image ?? flags.original;
      if (from === undefined) throw new GantryError("invalid-name", "rebase: an image is needed");
      const tag = flags.tag ?? flags.rebased;
      return run(from, { ...flags, ...(tag !== undefined && { tag }) }, context);
    });
}

async function run(from: string, flags: RebaseFlags, context: CommandContext): Promise<void> {
  const root = await openSelected(from, context);
  if (flags.check) return await check(from, root, flags, context);
  const change = async (image: Image) => {
    const { oldBase, newBase } = await basesOf(from, image, flags, context);
    const from_ = await openFor(image, oldBase, context);
    const to = await openFor(image, newBase, context);
    return image.edit(rebase(from_, to, { name: nameOf(newBase) }));
  };
  await writeEdited(await editRoot(root, change, context), from, flags, context);
}

/** What the image was built on and is to be put on: as the flags say, or as it says itself. */
async function basesOf(
  from: string,
  image: Image,
  { old_base, new_base }: RebaseFlags,
  { signal }: CommandContext,
): Promise<{ oldBase: string; newBase: string }> {
  const notes = (await image.manifest({ signal })).annotations ?? {};
  const [name, digest] = [notes[annotations.baseName], notes[annotations.baseDigest]];
  const newBase = new_base ?? name;
  const oldBase = old_base ?? (name && digest && `${parsePlace(name).container}@${digest}`);
  if (newBase !== undefined && oldBase) return { oldBase, newBase };
  throw new GantryError(
    "not-found",
    `rebase ${from}: it does not say what it is built on, --old_base and --new_base do`,
  );
}

/** A base as it is for the platform of an image. */
async function openFor(image: Image, base: string, context: CommandContext): Promise<Image> {
  const { signal } = context;
  const root = await openPlace(base, { signal, ...await context.clients() });
  if (!(root instanceof Index)) return root;
  const { os, architecture, variant } = await image.config({ signal });
  return await selectImage(root, { os, architecture, ...(variant && { variant }) }, { signal });
}

/** The name by which a base is found again; a digest is none. */
function nameOf(base: string): string | undefined {
  const { reference } = parsePlace(base);
  if (!reference) return base;
  return reference.digest === undefined ? formatReference(reference) : undefined;
}

/** Tells whether each image is built on what its base is now. */
async function check(
  from: string,
  root: Image | Index,
  flags: RebaseFlags,
  context: CommandContext,
): Promise<void> {
  const { signal } = context;
  const images = root instanceof Index
    ? (await root.entries({ signal })).flatMap(({ part, platform }) =>
      platform?.os !== "unknown" && "append" in part ? [part as Image] : []
    )
    : [root];
  const outdated: string[] = [];
  for (const image of images) {
    const { newBase } = await basesOf(from, image, { ...flags, old_base: flags.old_base ?? "-" }, context);
    const base = await openPlace(newBase, { signal, ...await context.clients() });
    const { current, reason } = await checkBase(image, base, { signal });
    await context.print(`${await image.digest({ signal })} ${current ? "current" : "outdated"}: ${reason}\n`);
    if (!current) outdated.push(reason);
  }
  if (outdated.length > 0) throw new GantryError("conflict", `rebase ${from}: ${outdated.join("; ")}`);
}
