import { homedir } from "node:os";
import { join } from "node:path";
import type { DaemonOptions } from "../../daemon/mod.ts";

/** How the Docker engine is reached, by the variables that its own client heeds. */
export function daemonOptions(env: Record<string, string | undefined>): DaemonOptions {
  const host = env["DOCKER_HOST"] || undefined;
  if (!env["DOCKER_TLS_VERIFY"]) return { host };
  return { host, certificates: env["DOCKER_CERT_PATH"] || join(homedir(), ".docker") };
}
