import { type Command, InvalidArgumentError } from "commander";
import { type Objects, objects, s3 } from "../../objects/mod.ts";
import { parseBucket } from "../../places/s3.ts";
import { s3Access } from "./s3.ts";

/** What a command with {@link bucketOptions} was told. */
export interface BucketFlags {
  s3?: string;
  endpoint?: string;
  blobGrace?: number;
}

/** Declares the options that name a bucket. */
export function bucketOptions(command: Command, s3: string): Command {
  return command
    .option("--s3 <s3://bucket/prefix>", s3)
    .option("--endpoint <url>", "the server of --s3, where it is not Amazon's (default: $AWS_ENDPOINT_URL)")
    .option(
      "--blob-grace <seconds>",
      "how long --s3 keeps blobs that no manifest names (default: 3600); all who use the bucket say the same",
      seconds,
    );
}

/** Opens the bucket, with the credentials of the environment. */
export function openBucket(
  url: string,
  { endpoint, blobGrace }: BucketFlags,
  env: Record<string, string | undefined>,
): Objects {
  const { bucket, prefix } = parseBucket(url);
  return objects({ bucket: s3({ ...s3Access(env, endpoint), bucket }), prefix, grace: blobGrace });
}

function seconds(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a number of seconds.");
}
