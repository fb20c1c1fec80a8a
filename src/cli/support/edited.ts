import type { Written } from "../../content/mod.ts";
import { GantryError } from "../../errors.ts";
import { Image, Index, mapPlatforms, selectImage } from "../../image/mod.ts";
import { dockerArchiveScheme } from "../../places/archive.ts";
import { copy } from "../../places/copy.ts";
import type { Place } from "../../places/scheme.ts";
import { parseContainer, parsePlace, targetOf } from "../../places/schemes.ts";
import { familiarName } from "../../spec/reference.ts";
import type { CommandContext } from "../context.ts";
import type { ProgressFlags } from "./progress.ts";
import { transfer } from "./transfer.ts";

/** Where what was edited goes. */
export interface DestinationFlags extends ProgressFlags {
  /** A place of its own. Default: that which the image came from. */
  tag?: string;
  /** A repository, in which nothing names it. */
  repo?: string;
  /** A tarball. */
  output?: string;
}

/** Edits an image, or all images of an index. What attestations are lost by that is told. */
export function editRoot(
  root: Image | Index,
  change: (image: Image) => Image | Promise<Image>,
  context: CommandContext,
): Image | Index | Promise<Image> {
  if (root instanceof Image) return change(root);
  return root.edit(mapPlatforms(change, {
    onDropped: ({ part }) =>
      void context.log(`left out ${part.known?.digest}: it is about an image that has been changed`),
  }));
}

/** Writes what was edited, and prints what it is called now. Nothing is written before all edits are known to work. */
export async function writeEdited(
  edited: Image | Index,
  from: string | undefined,
  flags: DestinationFlags,
  context: CommandContext,
): Promise<void> {
  await checkEdits(edited, context.signal);
  if (flags.output !== undefined) return await save(edited, flags.output, flags.tag ?? from, flags, context);
  const destination = destinationOf(from, flags);
  const { descriptor } = await write(edited, destination, flags, context);
  await printDigest(destination, descriptor.digest, flags, context);
}

/** Prints what was written by its digest. */
export async function printDigest(
  { place }: Destination,
  digest: string,
  { json }: ProgressFlags,
  context: CommandContext,
): Promise<void> {
  const image = `${place.container}@${digest}`;
  await context.print(json ? `${JSON.stringify({ type: "result", image })}\n` : `${image}\n`);
}

/** Where to write. */
export interface Destination {
  place: Place;
  /** Nothing names it there without one. */
  name: string | undefined;
  text: string;
}

/** Where the flags say that an image from a place goes: what is given by its digest gets a new digest there. */
export function destinationOf(from: string | undefined, { tag, repo }: DestinationFlags): Destination {
  if (tag !== undefined) {
    const place = parsePlace(tag);
    return { place, name: place.name, text: tag };
  }
  if (repo !== undefined) return { place: parseContainer(repo), name: undefined, text: repo };
  if (from === undefined) throw new GantryError("invalid-name", "write image: --tag says where to");
  const place = parsePlace(from);
  if (!place.target) {
    throw new GantryError(
      "unsupported",
      `write image: ${
        JSON.stringify(from)
      } is ${place.scheme.noun}, which is written whole; --tag says where else to`,
    );
  }
  return { place, name: place.name?.includes(":") ? undefined : place.name, text: from };
}

/** Prints what `edit` wrote, by the name that it has: the one it was given, or its digest. */
export async function printName(
  destination: Destination,
  digest: string,
  flags: ProgressFlags,
  context: CommandContext,
): Promise<void> {
  const { name, text: image } = destination;
  if (name === undefined) return await printDigest(destination, digest, flags, context);
  await context.print(flags.json ? `${JSON.stringify({ type: "result", image })}\n` : `${image}\n`);
}

/** Writes an image or index to a place. */
export async function write(
  edited: Image | Index,
  { place, name, text }: Destination,
  flags: ProgressFlags,
  context: CommandContext,
): Promise<Written> {
  const whole = place.save !== undefined;
  return await transfer(context, "pushed", { ...flags, whole }, async (options) => {
    if (!place.save) return await copy(edited, { target: targetOf(place, text, options), name }, options);
    const [descriptor] = await place.save(
      [{ image: edited, names: name === undefined ? [] : [name] }],
      options,
      options,
    );
    return { descriptor: descriptor!, how: "written" };
  });
}

/** Works out all that can be known before anything is written: an edit that cannot be is refused here. */
async function checkEdits(edited: Image | Index, signal: AbortSignal): Promise<void> {
  for (const part of await edited.children({ signal })) {
    if (part instanceof Image || part instanceof Index) await checkEdits(part, signal);
  }
}

/** Saves as a tarball that Docker loads, which has one image. */
async function save(
  edited: Image | Index,
  path: string,
  named: string | undefined,
  flags: ProgressFlags,
  context: CommandContext,
): Promise<void> {
  const image = await selectImage(edited, context.platform, { signal: context.signal });
  const names = named === undefined ? [] : nameInArchive(named);
  const place = dockerArchiveScheme.at(path);
  await transfer(
    context,
    "pushed",
    { ...flags, whole: true },
    (options) => place.save!([{ image, names }], options, { ...options, format: "combined" }),
  );
}

/** Docker's name for what is at a place; what only a digest names has crane's name for it. */
function nameInArchive(text: string): string[] {
  const { name, reference } = parsePlace(text);
  if (!reference) return name === undefined || name.startsWith("@") ? [] : [name];
  const { registry, repository, tag = "i-was-a-digest" } = reference;
  return [familiarName({ registry, repository, tag })];
}
