import type { S3Options } from "../../objects/mod.ts";

/** How S3 is reached, by the variables that Amazon's own tools heed. */
export function s3Access(
  env: Record<string, string | undefined>,
  endpoint?: string,
): Omit<S3Options, "bucket"> {
  const [accessKeyId, secretAccessKey] = [env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"]];
  const sessionToken = env["AWS_SESSION_TOKEN"] || undefined;
  return {
    endpoint: endpoint ?? (env["AWS_ENDPOINT_URL_S3"] || env["AWS_ENDPOINT_URL"] || undefined),
    region: env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || undefined,
    ...(accessKeyId && secretAccessKey && {
      credentials: () => ({ accessKeyId, secretAccessKey, sessionToken }),
    }),
  };
}
