import { stat } from "node:fs/promises";
import {
  type Connection,
  type Endpoint,
  type EndpointsProvider,
  type EndpointsRequest,
  hostAt,
  rootOf,
} from "../http/endpoint.ts";
import { certificatesIn, directoriesFor } from "./certificates.ts";
import { certsDirectory } from "./certs_directory.ts";
import { readHostsFile } from "./hosts_file.ts";
import { registriesConf } from "./registries_files.ts";

/** Options of {@link hostsFrom}. */
export interface HostsOptions {
  /**
   * Files and directories, the most important first: `*.json` is a file of Gantry's own, another file a `registries.conf` as
   * podman, skopeo and buildah have it, a directory holds a `hosts.toml` or certificates for each host as containerd's and
   * Docker's `certs.d` do. What is not there counts as empty.
   */
  files?: readonly string[] | undefined;
  /** Directories with certificates for each host, as Docker's `certs.d`: for all hosts for which the files tell none. */
  certificates?: readonly string[] | undefined;
}

/**
 * Finds the endpoints of registries in files. For each registry counts the first that says something about it. The files are
 * read when the first registry is asked for.
 *
 * What it gives throws {@link GantryError} `invalid-document` for a file that says what it cannot mean, `not-found` for one that
 * another names, and `denied` for a registry that is blocked.
 */
export function hostsFrom({ files = [], certificates = [] }: HostsOptions): EndpointsProvider {
  let opening: Promise<EndpointsProvider[]> | undefined;
  const found = new Map<string, Promise<readonly Endpoint[] | undefined>>();
  const find = async (request: EndpointsRequest) => {
    opening ??= openAll(files);
    opening.catch(() => opening = undefined);
    for (const provider of await opening) {
      const endpoints = await provider(request);
      if (endpoints) return await withCertificates(endpoints, certificates);
    }
    const usual: Endpoint = { root: rootOf(request.registry) };
    const [only] = await withCertificates([usual], certificates);
    return only === usual ? undefined : [only!];
  };
  return (request) => {
    const key = `${request.registry} ${request.repository}`;
    let finding = found.get(key);
    if (!finding) {
      found.set(key, finding = find(request));
      // The next one who asks may find the file mended.
      finding.catch(() => found.delete(key));
    }
    return finding;
  };
}

/** Opens files and what they include, each once. */
async function openAll(
  paths: readonly string[],
  seen: Set<string> = new Set(),
): Promise<EndpointsProvider[]> {
  const providers: EndpointsProvider[] = [];
  for (const path of paths) {
    if (seen.has(path)) continue;
    seen.add(path);
    const isDirectory = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
    if (isDirectory) providers.push(certsDirectory(path));
    else if (!path.endsWith(".json")) providers.push(registriesConf(path));
    else {
      const { endpoints, include } = await readHostsFile(path);
      providers.push(endpoints, ...await openAll(include, seen));
    }
  }
  return providers;
}

/** Endpoints with the certificates for their hosts, unless they have some. */
async function withCertificates(
  endpoints: readonly Endpoint[],
  directories: readonly string[],
): Promise<readonly Endpoint[]> {
  return await Promise.all(endpoints.map(async (endpoint) => {
    const { root, connection } = endpoint;
    if (connection?.ca || connection?.cert !== undefined || connection?.socket !== undefined) return endpoint;
    const given = await certificatesFor(hostAt(root), directories);
    return given ? { ...endpoint, connection: { ...connection, ...given } } : endpoint;
  }));
}

async function certificatesFor(
  host: string,
  directories: readonly string[],
): Promise<Connection | undefined> {
  for (const directory of directories.flatMap((directory) => directoriesFor(directory, host))) {
    const connection = await certificatesIn(directory);
    if (connection) return connection;
  }
  return undefined;
}
