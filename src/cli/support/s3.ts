import { awsDefault } from "../../keychain/mod.ts";
import type { S3Options } from "../../objects/mod.ts";

/** How S3 is reached, by the variables and files that Amazon's own tools heed. */
export function s3Access(
  env: Record<string, string | undefined>,
  endpoint?: string,
): Omit<S3Options, "bucket"> {
  return {
    endpoint: endpoint ?? (env["AWS_ENDPOINT_URL_S3"] || env["AWS_ENDPOINT_URL"] || undefined),
    region: env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || undefined,
    credentials: awsDefault({ env }),
  };
}
