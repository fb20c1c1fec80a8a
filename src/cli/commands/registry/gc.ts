import type { Command } from "commander";
import { GantryError } from "../../../errors.ts";
import type { CommandContext } from "../../context.ts";
import { type BucketFlags, bucketOptions, openBucket } from "../../support/bucket.ts";

interface CollectFlags extends BucketFlags {
  dryRun?: boolean;
}

/** `gantry registry gc` */
export function define(command: Command, context: CommandContext): void {
  bucketOptions(command, "what `registry serve --s3` serves")
    .option("--dry-run", "only tell what would be removed")
    .action((flags: CollectFlags) => collect(flags, context));
}

async function collect(flags: CollectFlags, context: CommandContext): Promise<void> {
  const { s3, dryRun } = flags;
  if (s3 === undefined) throw new GantryError("invalid-name", "collect garbage: name a bucket with --s3");
  const { signal, environment } = context;
  const { blobs, bytes, uploads } = await openBucket(s3, flags, environment.env).gc({ dryRun, signal });
  const would = dryRun ? "would be removed" : "removed";
  await context.print(`${blobs} blobs of ${bytes} bytes, ${uploads} uploads ${would}\n`);
}
