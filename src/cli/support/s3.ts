import type { AwsCredentials, S3Options } from "../../objects/mod.ts";

/** How S3 is reached, by the variables and files that Amazon's own tools heed. */
export function s3Access(
  env: Record<string, string | undefined>,
  endpoint?: string,
): Omit<S3Options, "bucket"> {
  let finding: Promise<() => Promise<AwsCredentials | undefined>> | undefined;
  const find = async () => (await import("../../keychain/aws_default.ts")).awsDefault({ env });
  return {
    endpoint: endpoint ?? (env["AWS_ENDPOINT_URL_S3"] || env["AWS_ENDPOINT_URL"] || undefined),
    region: env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || undefined,
    credentials: async () => await (await (finding ??= find()))(),
  };
}
