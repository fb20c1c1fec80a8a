import { dirname, isAbsolute, join } from "node:path";
import { type Connection, type Endpoint, type EndpointsProvider, hostAt, rootOf } from "../http/endpoint.ts";
import { certificatesIn, directoriesFor } from "./certificates.ts";
import { readText, requireText } from "./files.ts";
import { parseHostsToml, type TomlHost } from "./hosts_toml.ts";

/**
 * Endpoints from a directory such as containerd's `certs.d`: a directory for each registry, named by its host, or `_default`,
 * with a `hosts.toml` or certificates in it.
 */
export function certsDirectory(directory: string): EndpointsProvider {
  return async ({ registry }) => {
    const own = rootOf(registry);
    for (const path of [...directoriesFor(directory, registry), join(directory, "_default")]) {
      const file = join(path, "hosts.toml");
      const text = await readText(file);
      if (text !== undefined) {
        const hosts = parseHostsToml(text, file, own);
        return await Promise.all(hosts.map((host) => endpointOf(host, file, registry, own)));
      }
      const connection = await certificatesIn(path);
      if (connection) return [{ root: own, connection }];
    }
    return undefined;
  };
}

async function endpointOf(host: TomlHost, file: string, registry: string, own: string): Promise<Endpoint> {
  const { root, capabilities, headers } = host;
  const connection = await connectionOf(host, file);
  const itself = hostAt(root) === hostAt(own);
  return {
    root,
    capabilities,
    ...(headers && {
      headers: Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values.join(", ")])),
    }),
    ...(!itself && { namespace: registry }),
    ...(Object.keys(connection).length > 0 && { connection }),
  };
}

async function connectionOf(
  { ca, client, skipVerify, dialTimeout }: TomlHost,
  file: string,
): Promise<Connection> {
  const read = (path: string) =>
    requireText(isAbsolute(path) ? path : join(dirname(file), path), `read ${file}`);
  // The first pair: a connection shows one certificate.
  const [certificate, key = ""] = client?.[0] ?? [];
  return {
    ...(ca && { ca: await Promise.all(ca.map(read)) }),
    ...(certificate !== undefined && { cert: await read(certificate), key: await read(key || certificate) }),
    ...(skipVerify && { insecure: true }),
    ...(dialTimeout !== undefined && { timeout: dialTimeout }),
  };
}
