import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { GantryError } from "../../errors.ts";
import type { EndpointsProvider } from "../../registry/mod.ts";

/** Where certificates for hosts lie that other programs use too. */
const certificates = ["/etc/containers/certs.d", "/etc/docker/certs.d"];

/**
 * The endpoints of registries, as files tell: those of `--hosts`, those of `GANTRY_HOSTS`, and `gantry/hosts.json` among the
 * user's settings. What reads them is loaded where there is one.
 *
 * @throws {GantryError} `not-found` for a file that was named and is not there.
 */
export function endpointsFrom(
  told: readonly string[] = [],
  env: Record<string, string | undefined>,
): EndpointsProvider | undefined {
  const named = [...told, ...(env["GANTRY_HOSTS"] ?? "").split(delimiter).filter((path) => path !== "")];
  const missing = named.find((path) => !existsSync(path));
  if (missing !== undefined) {
    throw new GantryError(
      "not-found",
      `read hosts: there is no file or directory ${JSON.stringify(missing)}`,
    );
  }
  const settings = env["XDG_CONFIG_HOME"] || join(env["HOME"] || homedir(), ".config");
  const files = [...named, join(settings, "gantry/hosts.json")].filter((path) => existsSync(path));
  const directories = certificates.filter((path) => existsSync(path));
  if (files.length === 0 && directories.length === 0) return undefined;
  let loading: Promise<EndpointsProvider> | undefined;
  return async (request) => {
    loading ??= import("../../hosts/hosts.ts").then(({ hostsFrom }) =>
      hostsFrom({ files, certificates: directories })
    );
    return await (await loading)(request);
  };
}
