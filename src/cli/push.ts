import type { Command } from "commander";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { archive } from "../archive/mod.ts";
import { documentLimit, type Source } from "../content/mod.ts";
import { digestBytes } from "../digest/mod.ts";
import { GantryError } from "../errors.ts";
import { type Image, type Index, openRoot } from "../image/mod.ts";
import { readSmall } from "../disk/files.ts";
import { layout } from "../layout/mod.ts";
import { copy, onlyRoot, splitArchive, splitLayout } from "../places.ts";
import { mediaTypes } from "../spec/media_type.ts";
import type { Cli } from "./cli.ts";
import { repositoryNameOf } from "./names.ts";

interface PushFlags {
  index?: boolean;
  imageRefs?: string;
}

/** Adds `gantry push`. */
export function addPush(program: Command, cli: Cli): void {
  program.command("push")
    .description("push what is in an archive or an OCI image layout")
    .argument("<path>", "a file or directory, or oci:, docker-archive:, oci-archive:PATH[:NAME]")
    .argument("<image>")
    .option("--index", "push all that is in the layout as one index")
    .option("--image-refs <file>", "also write what was pushed, REPOSITORY@DIGEST, to a file")
    .action((path: string, image: string, flags: PushFlags) => push(path, image, flags, cli));
}

async function push(path: string, image: string, flags: PushFlags, cli: Cli): Promise<void> {
  const repository = repositoryNameOf(image);
  const root = await load(path, flags, cli);
  const { descriptor } = await copy(root, image, { ...cli.transfer("pushed"), platform: cli.platform });
  const pushed = `${repository}@${descriptor.digest}`;
  if (flags.imageRefs !== undefined) await writeFile(flags.imageRefs, pushed, { mode: 0o600 });
  await cli.print(`${pushed}\n`);
}

async function load(path: string, flags: PushFlags, { signal }: Cli): Promise<Image | Index> {
  const what = `push ${JSON.stringify(path)}`;
  const { source, name, directory } = await find(path, what);
  if (flags.index) {
    if (directory !== undefined && name === undefined) return await wholeIndex(directory);
    throw new GantryError("invalid-name", `${what}: --index means all of a layout in a directory`);
  }
  return await openRoot(source, name ?? await onlyImage(), { signal });

  async function onlyImage() {
    try {
      return await onlyRoot(source, what, signal);
    } catch (error) {
      if (!GantryError.is(error, "invalid-name") || directory === undefined) throw error;
      throw new GantryError("invalid-name", `${error.message}, or push all of them with --index`, {
        cause: error,
      });
    }
  }
}

/** What there is at a path: a layout if it is a directory, else an archive. */
async function find(
  path: string,
  what: string,
): Promise<{ source: Source; name?: string | undefined; directory?: string }> {
  const archiveAt = splitArchive(path);
  const { directory, name } = splitLayout(path) ?? { directory: path };
  const there = archiveAt ?? await stat(directory).catch(() => undefined);
  if (!there) throw new GantryError("not-found", `${what}: no such file or directory`);
  if ("file" in there) return { source: archive(there.file), name: there.name };
  if (there.isDirectory()) return { source: layout(directory), name, directory };
  if (!splitLayout(path)) return { source: archive(path) };
  throw new GantryError(
    "unsupported",
    `${what}: not a directory; an archive is docker-archive: or oci-archive:`,
  );
}

/** The layout's own index, as an image index to push. */
async function wholeIndex(directory: string): Promise<Image | Index> {
  const path = join(directory, "index.json");
  const document = await readSmall(path, documentLimit);
  if (!document) throw new GantryError("not-found", `read ${path}: no such file`);
  const descriptor = {
    mediaType: mediaTypes.ociIndex,
    digest: await digestBytes(document),
    size: document.byteLength,
  };
  return await openRoot(layout(directory), descriptor, { document });
}
