import type { Command } from "commander";
import { archive } from "../archive/mod.ts";
import type { Source } from "../content/mod.ts";
import { GantryError } from "../errors.ts";
import { type Image, type Index, openRoot, validate } from "../image/mod.ts";
import { layout } from "../layout/mod.ts";
import { openChosen } from "./chosen.ts";
import type { Cli } from "./cli.ts";

interface ValidateFlags {
  fast?: boolean;
  layout?: string;
  remote?: string;
  tarball?: string;
}

/** Adds `gantry validate`. */
export function addValidate(program: Command, cli: Cli): void {
  program.command("validate")
    .description("read images whole and tell what is wrong with them")
    .option("--fast", "only look whether the layers are there")
    .option("--layout <directory>", "all that is in an OCI image layout")
    .option("--remote <image>", "an image at any place")
    .option("--tarball <file>", "all that is in an archive")
    .action((flags: ValidateFlags) => validateAll(flags, cli));
}

async function validateAll(
  { fast, layout: directory, remote, tarball }: ValidateFlags,
  cli: Cli,
): Promise<void> {
  const failed: string[] = [];
  if (tarball !== undefined) {
    failed.push(...await report(tarball, everything(archive(tarball), cli), fast, cli));
  }
  if (directory !== undefined) {
    failed.push(...await report(directory, everything(layout(directory), cli), fast, cli));
  }
  if (remote !== undefined) failed.push(...await report(remote, oneAt(remote, cli), fast, cli));
  if (failed.length > 0) throw new GantryError("invalid-document", failed.join("; "));
}

const broken = ["invalid-archive", "invalid-document", "digest-mismatch", "size-mismatch"] as const;

/** Prints the verdict on what has been asked for, and gives what is wrong. */
async function report(
  title: string,
  images: AsyncIterable<Image | Index>,
  fast: boolean | undefined,
  cli: Cli,
): Promise<string[]> {
  const problems: string[] = [];
  try {
    for await (const image of images) problems.push(...await validate(image, { fast, signal: cli.signal }));
  } catch (error) {
    // What is there and broken has failed; what is not there cannot be judged.
    if (!GantryError.is(error, ...broken)) throw error;
    problems.push(error.message);
  }
  const verdict = problems.length === 0 ? `PASS: ${title}` : `FAIL: ${title}: ${problems.join("; ")}`;
  await cli.print(`${verdict}\n`);
  return problems.map((problem) => `validate ${title}: ${problem}`);
}

async function* everything(source: Source, { signal }: Cli): AsyncGenerator<Image | Index, void, void> {
  const seen = new Set<string>();
  for await (const root of source.roots!({ signal })) {
    if (seen.has(root.digest)) continue;
    seen.add(root.digest);
    yield await openRoot(source, root, { signal });
  }
}

async function* oneAt(place: string, cli: Cli): AsyncGenerator<Image | Index, void, void> {
  yield await openChosen(place, cli);
}
