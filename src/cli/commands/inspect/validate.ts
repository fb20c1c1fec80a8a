import type { Command } from "commander";
import "../../../codec/mod.ts"; // brings the faster gunzip
import { requireMethod } from "../../../content/require_method.ts";
import { GantryError } from "../../../errors.ts";
import { type Finding, type Image, type Index, openRoot, validate } from "../../../image/mod.ts";
import { dockerArchiveScheme } from "../../../places/archive.ts";
import { ociScheme } from "../../../places/oci.ts";
import type { PathScheme } from "../../../places/scheme.ts";
import { parsePathPlace } from "../../../places/schemes.ts";
import type { CommandContext } from "../../context.ts";
import { openSelected } from "../../support/open.ts";
import { jsonOption } from "../../support/options.ts";

interface ValidateFlags {
  fast?: boolean;
  json?: boolean;
  layout?: string;
  remote?: string;
  tarball?: string;
}

/** `gantry validate` */
export function define(command: Command, context: CommandContext): void {
  command
    .option("--fast", "only look whether the layers are there")
    .addOption(jsonOption())
    .option("--layout <directory>", "all that is in an OCI image layout")
    .option("--remote <image>", "an image at any place")
    .option("--tarball <file>", "all that is in an archive")
    .action((flags: ValidateFlags) => validateAll(flags, context));
}

async function validateAll(
  { fast, json, layout, remote, tarball }: ValidateFlags,
  context: CommandContext,
): Promise<void> {
  const failed: string[] = [];
  const judge = async (title: string, images: AsyncIterable<Image | Index>) => {
    failed.push(...await report(title, images, { fast, json }, context));
  };
  if (tarball !== undefined) await judge(tarball, allAt(tarball, dockerArchiveScheme, context));
  if (layout !== undefined) await judge(layout, allAt(layout, ociScheme, context));
  if (remote !== undefined) await judge(remote, oneAt(remote, context));
  if (failed.length > 0) throw new GantryError("invalid-document", failed.join("; "));
}

const broken = ["invalid-archive", "invalid-document", "digest-mismatch", "size-mismatch"] as const;

/** Prints whether these images are valid, and gives what is wrong with them. */
async function report(
  title: string,
  images: AsyncIterable<Image | Index>,
  { fast, json }: Pick<ValidateFlags, "fast" | "json">,
  context: CommandContext,
): Promise<string[]> {
  const problems: Finding[] = [];
  try {
    for await (const image of images) {
      problems.push(...await validate(image, { fast, signal: context.signal }));
    }
  } catch (error) {
    // A broken image fails; one that cannot be read is an error of its own.
    if (!GantryError.is(error, ...broken)) throw error;
    problems.push({ code: error.code, message: error.message });
  }
  const verdict = problems.length === 0
    ? `PASS: ${title}`
    : `FAIL: ${title}: ${problems.map(({ message }) => message).join("; ")}`;
  await (json ? context.printJson({ image: title, problems }) : context.print(`${verdict}\n`));
  return problems.map(({ message }) => `validate ${title}: ${message}`);
}

/** All images at a path, which is of this kind unless it begins with the prefix of another. */
async function* allAt(
  path: string,
  scheme: PathScheme,
  context: CommandContext,
): AsyncGenerator<Image | Index, void, void> {
  const { signal } = context;
  const source = (parsePathPlace(path) ?? scheme.at(path)).source(await context.clients());
  const seen = new Set<string>();
  for await (const root of requireMethod(source, "roots", `list what is in ${path}`)({ signal })) {
    if (seen.has(root.digest)) continue;
    seen.add(root.digest);
    yield await openRoot(source, root, { signal });
  }
}

async function* oneAt(place: string, context: CommandContext): AsyncGenerator<Image | Index, void, void> {
  yield await openSelected(place, context);
}
