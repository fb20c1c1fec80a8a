import type { Command } from "commander";
import { stat } from "node:fs/promises";
import { GantryError } from "../../../errors.ts";
import { addManifests, convertIndex, emptyIndex, type Index } from "../../../image/mod.ts";
import { layout } from "../../../layout/mod.ts";
import { copy } from "../../../places/copy.ts";
import { ociScheme } from "../../../places/oci.ts";
import { parsePathPlace } from "../../../places/schemes.ts";
import type { CommandContext } from "../../context.ts";
import { type DestinationFlags, writeEdited } from "../../support/edited.ts";
import { entriesAt } from "../../support/index_entries.ts";
import { addValues } from "../../support/lists.ts";
import { layoutIndex, requireIndex } from "../../support/open_index.ts";
import { addTransferOptions, transfer } from "../../support/transfer.ts";

interface AppendFlags extends DestinationFlags {
  dockerEmptyBase?: boolean;
  /** False with --no-flatten and --flatten=false. */
  flatten?: boolean | string;
  manifest?: string[];
}

/** `gantry index append` */
export function define(command: Command, context: CommandContext): void {
  addTransferOptions(command)
    .argument("[base]", "the index to append to, or a directory with a layout (default: an empty index)")
    .argument("[image...]", "what to append, as with --manifest")
    .option("-m, --manifest <image>", "what to append: any place, a tarball, a layout", addValues)
    .option("-t, --tag <index>", "where to write it (default: where the base came from)")
    .option("--docker-empty-base", "let an empty index have Docker's media types, not OCI's")
    .option("--flatten [flag]", "append what an index names, not the index itself (default: true)")
    .action((base: string | undefined, images: string[], flags: AppendFlags) =>
      append(base, [...images, ...flags.manifest ?? []], flags, context)
    );
}

async function append(
  base: string | undefined,
  images: readonly string[],
  flags: AppendFlags,
  context: CommandContext,
): Promise<void> {
  if (base === undefined && flags.tag === undefined) {
    throw new GantryError("invalid-name", "append to index: a base or --tag is needed");
  }
  const flatten = flags.flatten !== "false";
  if (base !== undefined && flags.tag === undefined && await isLayout(base)) {
    return await appendToLayout(base, images, flatten, flags, context);
  }
  const index = base === undefined ? emptyBase(flags.dockerEmptyBase) : await requireIndex(base, context);
  const edited = index.edit(addManifests(await entriesAt(images, flatten, context)));
  await writeEdited(edited, base, flags, context);
}

function emptyBase(docker = false): Index {
  return docker ? emptyIndex().edit(convertIndex({ format: "docker" })) : emptyIndex();
}

/** Whether it is a directory, or is to be one, and not an image in a layout. */
async function isLayout(base: string): Promise<boolean> {
  const named = parsePathPlace(base);
  if (named) return named.scheme === ociScheme && named.name === undefined;
  const found = await stat(base).catch(() => undefined);
  return found ? found.isDirectory() : /^\.{0,2}\//.test(base);
}

/** Each becomes one more entry of index.json. */
async function appendToLayout(
  base: string,
  images: readonly string[],
  flatten: boolean,
  flags: AppendFlags,
  context: CommandContext,
): Promise<void> {
  const path = parsePathPlace(base)?.path ?? base;
  const target = layout(path);
  for (const { part } of await entriesAt(images, flatten, context)) {
    await transfer(context, "pushed", flags, (options) => copy(part, { target }, options));
  }
  const index = await layoutIndex(path);
  await context.print(`${path}@${await index.digest({ signal: context.signal })}\n`);
}
