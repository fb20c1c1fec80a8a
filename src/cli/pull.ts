import type { Command } from "commander";
import type { Target } from "../content/mod.ts";
import { GantryError } from "../errors.ts";
import { layout } from "../layout/mod.ts";
import { copy, referenceOf, splitLayout } from "../places.ts";
import { formatReference, parseReference } from "../spec/reference.ts";
import { openChosen } from "./chosen.ts";
import type { Cli } from "./cli.ts";

interface PullFlags {
  format?: string;
  annotateRef?: boolean;
}

/** Adds `gantry pull`. */
export function addPull(program: Command, cli: Cli): void {
  program.command("pull")
    .description("pull images into an OCI image layout")
    .usage("[options] IMAGE... PATH")
    .argument("<image>")
    .argument("<path...>", "a directory with --format oci, or oci:DIRECTORY[:NAME]")
    .option("--format <format>", 'what to save them as; only "oci" so far')
    .option("--annotate-ref", "name each image in the layout as it was named on the command line")
    .action((first: string, others: string[], flags: PullFlags) => {
      const images = [first, ...others.slice(0, -1)];
      return pull(images, others.at(-1)!, flags, cli);
    });
}

async function pull(images: string[], path: string, flags: PullFlags, cli: Cli): Promise<void> {
  const { target, name } = destination(path, images, flags);
  // All of them are there before anything is written.
  const roots = await Promise.all(images.map((image) => openChosen(image, cli)));
  for (const [i, root] of roots.entries()) {
    const named = flags.annotateRef ? fullName(images[i]!) : name;
    await copy(root, { target, name: named }, cli.transfer("pulled"));
  }
}

function destination(
  path: string,
  images: string[],
  flags: PullFlags,
): { target: Target; name?: string | undefined } {
  const at = splitLayout(path);
  const { format = at ? "oci" : "tarball" } = flags;
  const bad = (code: "invalid-name" | "unsupported", reason: string) =>
    new GantryError(code, `pull into ${JSON.stringify(path)}: ${reason}`);
  if (!["oci", "tarball", "legacy"].includes(format)) {
    throw bad("unsupported", `unexpected --format: ${JSON.stringify(format)}, there is oci`);
  }
  if (format !== "oci") {
    throw bad("unsupported", `format ${format} is not there yet, only --format oci`);
  }
  if (at?.name !== undefined && (images.length > 1 || flags.annotateRef)) {
    throw bad("invalid-name", "more than one name for it");
  }
  return { target: layout(at?.directory ?? path), name: at?.name };
}

function fullName(image: string): string | undefined {
  const at = splitLayout(image);
  return at ? at.name : formatReference(parseReference(referenceOf(image)));
}
