/** The two registries that race, over one S3 server. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { S3Server } from "../../tests/interop/s3_servers.ts";
import { freePort } from "../../tests/support/free_port.ts";
import { type Registry, run } from "../server/registries.ts";

/** What keys of either begin with. */
export const prefixes = { gantry: "gantry", distribution: "distribution" } as const;

/** How they are started. */
export interface StartOptions {
  executable: string;
  /** Whether blobs are answered with a redirect to the bucket. */
  redirect: boolean;
  /** Where the server is reached, if it is not at its own address. */
  endpoint?: string;
}

/** Starts one over its part of a server's bucket. */
export async function startOver(
  { options: { bucket, credentials, ...options }, region, directory }: S3Server,
  name: Registry["name"],
  { executable, redirect, endpoint = options.endpoint }: StartOptions,
): Promise<Registry> {
  const port = await freePort();
  const { accessKeyId, secretAccessKey } = credentials();
  const config = join(directory, `${name}-${port}.config`);
  await writeFile(
    config,
    name === "gantry"
      ? JSON.stringify({ s3: `s3://${bucket}/${prefixes.gantry}`, endpoint, redirect })
      : `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage:
  s3:
    regionendpoint: ${endpoint}
    region: ${region}
    bucket: ${bucket}
    rootdirectory: /${prefixes.distribution}
    accesskey: ${accessKeyId}
    secretkey: ${secretAccessKey}
    secure: false
    forcepathstyle: true
  redirect: { disable: ${!redirect} }
  delete: { enabled: true }
http: { addr: 127.0.0.1:${port} }
`,
  );
  const command = name === "gantry"
    ? [executable, "registry", "serve", "--config", config]
    : ["registry", "serve", config];
  return await run(name, port, command, {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  });
}
