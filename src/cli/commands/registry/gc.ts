import { type Command, InvalidArgumentError } from "commander";
import { GantryError } from "../../../errors.ts";
import type { CommandContext } from "../../context.ts";
import { type BucketFlags, bucketOptions, openBucket } from "../../support/bucket.ts";
import { readServeConfig } from "../../support/serve/config.ts";
import { collectDisk } from "../../support/serve/collect_disk.ts";

interface CollectFlags extends BucketFlags {
  config?: string;
  dryRun?: boolean;
  grace?: number;
}

/** `gantry registry gc` */
export function define(command: Command, context: CommandContext): void {
  bucketOptions(command, "what `registry serve --s3` serves")
    .argument("[directory]", "what `registry serve --disk` serves")
    .option(
      "--config <file>",
      "of the registry: where its images are, and which of them are no longer wanted",
    )
    .option("--dry-run", "only tell what would be removed")
    .option(
      "--grace <seconds>",
      "how old what is removed of a directory must be, uploads too (default: 3600)",
      parseSeconds,
    )
    .action((directory: string | undefined, flags: CollectFlags) => collect(directory, flags, context));
}

async function collect(
  named: string | undefined,
  { config: path, ...flags }: CollectFlags,
  context: CommandContext,
): Promise<void> {
  const { dryRun, grace = 3600 } = flags;
  const config = path === undefined ? {} : await readServeConfig(path);
  const { endpoint, blobGrace } = { ...config, ...flags };
  // What is named goes before what the file says.
  const where = named === undefined && flags.s3 === undefined ? config : { disk: named, s3: flags.s3 };
  const { s3, disk: directory } = where;
  const { signal, environment } = context;
  const would = dryRun ? "would be removed" : "removed";
  if ((s3 === undefined) === (directory === undefined)) {
    throw new GantryError("invalid-name", "collect garbage: name one directory, or a bucket with --s3");
  }
  if (directory !== undefined) {
    const { retention } = config;
    const { removed, bytes } = await collectDisk(
      directory,
      { dryRun, grace, retention, signal },
      (name) => context.print(`${name}\n`),
    );
    return await context.print(`${removed.length} blobs of ${bytes} bytes ${would}\n`);
  }
  const { blobs, bytes, uploads } = await openBucket(s3!, { endpoint, blobGrace }, environment.env).gc({
    dryRun,
    signal,
  });
  await context.print(`${blobs} blobs of ${bytes} bytes, ${uploads} uploads ${would}\n`);
}

function parseSeconds(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a number of seconds.");
}
