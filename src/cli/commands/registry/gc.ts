import { type Command, InvalidArgumentError } from "commander";
import { GantryError } from "../../../errors.ts";
import type { CommandContext } from "../../context.ts";
import { type BucketFlags, bucketOptions, openBucket } from "../../support/bucket.ts";
import { collectDisk } from "../../support/serve/collect_disk.ts";

interface CollectFlags extends BucketFlags {
  dryRun?: boolean;
  grace?: number;
}

/** `gantry registry gc` */
export function define(command: Command, context: CommandContext): void {
  bucketOptions(command, "what `registry serve --s3` serves")
    .argument("[directory]", "what `registry serve --disk` serves")
    .option("--dry-run", "only tell what would be removed")
    .option(
      "--grace <seconds>",
      "how old what is removed of a directory must be, uploads too (default: 3600)",
      parseSeconds,
    )
    .action((directory: string | undefined, flags: CollectFlags) => collect(directory, flags, context));
}

async function collect(
  directory: string | undefined,
  flags: CollectFlags,
  context: CommandContext,
): Promise<void> {
  const { s3, dryRun, grace = 3600 } = flags;
  const { signal, environment } = context;
  const would = dryRun ? "would be removed" : "removed";
  if ((s3 === undefined) === (directory === undefined)) {
    throw new GantryError("invalid-name", "collect garbage: name a directory, or a bucket with --s3");
  }
  if (directory !== undefined) {
    const { removed, bytes } = await collectDisk(directory, { dryRun, grace, signal });
    return await context.print(`${removed.length} blobs of ${bytes} bytes ${would}\n`);
  }
  const { blobs, bytes, uploads } = await openBucket(s3!, flags, environment.env).gc({ dryRun, signal });
  await context.print(`${blobs} blobs of ${bytes} bytes, ${uploads} uploads ${would}\n`);
}

function parseSeconds(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a number of seconds.");
}
