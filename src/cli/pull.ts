import type { Command } from "commander";
import { type ArchiveFormat, saveArchive } from "../archive/mod.ts";
import { GantryError } from "../errors.ts";
import { Index } from "../image/mod.ts";
import { copy, referenceOf, splitArchive, splitLayout } from "../places.ts";
import { layout } from "../layout/mod.ts";
import { familiarName, formatReference, parseReference } from "../spec/reference.ts";
import { openChosen } from "./chosen.ts";
import type { Cli } from "./cli.ts";

interface PullFlags {
  format?: string;
  annotateRef?: boolean;
}

/** Where to, and in which form. */
interface Destination {
  path: string;
  name: string | undefined;
  format: Format;
}

type Format = "tarball" | "legacy" | "oci" | "oci-archive";

const archiveFormats: Record<Exclude<Format, "oci">, ArchiveFormat> = {
  tarball: "combined",
  legacy: "legacy",
  "oci-archive": "oci",
};

/** Adds `gantry pull`. */
export function addPull(program: Command, cli: Cli): void {
  program.command("pull")
    .description("pull images into a tarball, or an OCI image layout")
    .usage("[options] IMAGE... PATH")
    .argument("<image>")
    .argument(
      "<path...>",
      "a file, or with --format oci a directory; or oci:, docker-archive:, oci-archive:PATH[:NAME]",
    )
    .option(
      "--format <format>",
      'what to save them as: "tarball", unless told, "legacy", "oci" or "oci-archive"',
    )
    .option("--annotate-ref", "name each image in the layout as it was named on the command line")
    .action((first: string, others: string[], flags: PullFlags) => {
      const images = [first, ...others.slice(0, -1)];
      return pull([...new Set(images)], others.at(-1)!, flags, cli);
    });
}

async function pull(images: string[], path: string, flags: PullFlags, cli: Cli): Promise<void> {
  const to = destination(path, images, flags);
  if (to.format === "oci") return await pullIntoLayout(images, to, flags, cli);
  const { signal } = cli;
  const parts = [];
  // All of them are there before anything is written.
  for (const image of images) {
    const root = await openChosen(image, cli);
    const single = to.format !== "oci-archive" && root instanceof Index;
    parts.push({
      image: single ? await root.select(defaultPlatform, { signal }) : root,
      names: namesFor(image, to, flags),
    });
  }
  await saveArchive(to.path, parts, { ...cli.transfer("pulled"), format: archiveFormats[to.format] });
}

/** What crane puts into a tarball, unless told. */
const defaultPlatform = { os: "linux", architecture: "amd64" };

async function pullIntoLayout(images: string[], to: Destination, flags: PullFlags, cli: Cli): Promise<void> {
  const target = layout(to.path);
  const roots = await Promise.all(images.map((image) => openChosen(image, cli)));
  for (const [i, root] of roots.entries()) {
    const [name] = namesFor(images[i]!, to, flags);
    await copy(root, { target, name }, cli.transfer("pulled"));
  }
}

function destination(path: string, images: string[], flags: PullFlags): Destination {
  const at = splitPlace(path);
  const { format = at?.format ?? "tarball" } = flags;
  const bad = (code: "invalid-name" | "unsupported", reason: string) =>
    new GantryError(code, `pull into ${JSON.stringify(path)}: ${reason}`);
  if (format !== "oci" && !Object.hasOwn(archiveFormats, format)) {
    throw bad(
      "unsupported",
      `unexpected --format: ${JSON.stringify(format)}, there are tarball, legacy, oci and oci-archive`,
    );
  }
  if (at && (at.format === "oci") !== (format === "oci")) {
    throw bad("invalid-name", `not a place for ${format}`);
  }
  if (at?.name !== undefined && (images.length > 1 || flags.annotateRef)) {
    throw bad("invalid-name", "more than one name for it");
  }
  return { path: at?.path ?? path, name: at?.name, format: format as Format };
}

function splitPlace(path: string): Destination | undefined {
  const layoutAt = splitLayout(path);
  if (layoutAt) return { path: layoutAt.directory, name: layoutAt.name, format: "oci" };
  const archiveAt = splitArchive(path);
  if (!archiveAt) return undefined;
  const { file, name, format } = archiveAt;
  return { path: file, name, format: format === "oci" ? "oci-archive" : "tarball" };
}

/** The name of an image in what it is pulled into: Docker's needs one, a layout only if it is told. */
function namesFor(image: string, { name, format }: Destination, { annotateRef }: PullFlags): string[] {
  if (name !== undefined) return [name];
  const forDocker = format === "tarball" || format === "legacy";
  if (!forDocker && !annotateRef) return [];
  const at = splitPlace(image);
  if (at) return at.name === undefined || at.name.startsWith("@") ? [] : [at.name];
  const reference = parseReference(referenceOf(image));
  if (!forDocker) return [formatReference(reference)];
  // Docker has no name for what a digest names; this is crane's.
  const { registry, repository, tag = "i-was-a-digest" } = reference;
  return [familiarName({ registry, repository, tag })];
}
