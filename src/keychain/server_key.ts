/** A key of a file with credentials: the host it is for, and the path there, if it is for a part of it only. */
export interface ServerKey {
  /** Host, and port if it has one; `docker.io` for Docker Hub, whatever it is called. */
  host: string;
  /** The repository, or the beginning of its name; empty for all of the host. */
  path: string;
}

/** What credentials are looked up for. */
export interface Server {
  /** The registry, or a key exactly as it stands in the file. */
  registry: string;
  /** The repository, without the registry. */
  repository?: string | undefined;
}

const hub = "docker.io";
const hubAliases: readonly string[] = ["index.docker.io", "registry-1.docker.io"];
/** Docker's own key for Docker Hub. */
export const hubKey = "https://index.docker.io/v1/";

/** The host in a key, which may be a URL: `https://quay.io/v2/` is about quay.io. */
export function hostnameOf(key: string): string {
  const [, host] = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/@]*@)?([^/?#]+)/i.exec(key) ?? [];
  return host ?? key.split("/", 1)[0]!;
}

/**
 * Reads a key. Docker's keys are hosts and URLs of hosts; podman's go on with a path, which counts only where the key is no
 * URL.
 */
export function parseServerKey(key: string): ServerKey {
  const host = normalHost(hostnameOf(key));
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(key)) return { host, path: "" };
  const path = key.slice(key.indexOf("/") + 1).replace(/\/+$/, "");
  return { host, path: !key.includes("/") || path === "v1" || path === "v2" ? "" : path };
}

/** The key under which Docker's programs and helpers know a registry. */
export function dockerKey(registry: string): string {
  return normalHost(registry) === hub ? hubKey : registry;
}

/**
 * The best of the keys for a server: the longest path that holds the repository, ending where a part of its name ends; of
 * several for one host, the one that is written as Docker writes it, else the first.
 */
export function findKey(keys: Iterable<string>, { registry, repository = "" }: Server): string | undefined {
  const host = normalHost(registry);
  let best: { key: string; rank: number } | undefined;
  for (const key of keys) {
    const parsed = parseServerKey(key);
    const exact = key === registry || (host === hub && key === hubKey);
    if (!exact && (parsed.host !== host || !holds(parsed.path, repository))) continue;
    const rank = 2 * parsed.path.length + (exact ? 1 : 0);
    if (!best || rank > best.rank) best = { key, rank };
  }
  return best?.key;
}

/** Whether a path is the repository's name, or whole parts at its beginning. */
export function holds(path: string, repository: string): boolean {
  return path === "" || repository === path || repository.startsWith(`${path}/`);
}

/** One name for what is one host. */
export function normalHost(host: string): string {
  const plain = host.toLowerCase();
  return hubAliases.includes(plain) ? hub : plain;
}
