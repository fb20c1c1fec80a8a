import process from "node:process";
import { GantryError } from "../errors.ts";
import { dockerConfigPath, readConfigFile } from "./config_file.ts";
import type { Variables } from "./execute.ts";

/**
 * The `HttpHeaders` of Docker's `config.json`, which are sent to registries; none where there is no such file. As with
 * Docker, the `User-Agent` is not among them.
 *
 * @throws {GantryError} `invalid-document` where the file cannot be read, or no HTTP request can have such a header.
 */
export async function dockerHeaders(
  { env = process.env }: { env?: Variables } = {},
): Promise<Record<string, string>> {
  const path = dockerConfigPath(env);
  const headers = (await readConfigFile(path))?.httpHeaders ?? {};
  const sent = Object.entries(headers).filter(([name]) => name.toLowerCase() !== "user-agent");
  for (const [name, value] of sent) {
    if (/^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)) continue;
    const problem = `no header can be called ${JSON.stringify(name)}, or hold what stands there`;
    throw new GantryError("invalid-document", `read HttpHeaders of ${JSON.stringify(path)}: ${problem}`);
  }
  return Object.fromEntries(sent);
}
