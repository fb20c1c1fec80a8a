/**
 * How deep inside a network a host is: 0 on the internet, 1 in a private network, 2 this machine, 3 addresses where cloud
 * providers keep secrets. A server may send us to its own depth, never deeper. It goes by the name alone: no DNS is asked.
 * Expects the hostname of a `URL`, in which odd spellings of addresses are already resolved.
 */
export function depthOf(hostname: string): number {
  const host = hostname.replace(/\.$/, "");
  if (host === "localhost" || host.endsWith(".localhost")) return 2;
  if (host.startsWith("[")) return depthOfIpv6(host.slice(1, -1));
  const match = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(host);
  return match ? depthOfIpv4(Number(match[1]), Number(match[2])) : 0;
}

function depthOfIpv4(a: number, b: number): number {
  if (a === 0 || (a === 169 && b === 254)) return 3;
  if (a === 127) return 2;
  const inside = a === 10 || (a === 172 && b >> 4 === 1) || (a === 192 && b === 168) ||
    (a === 100 && b >> 6 === 1);
  return inside ? 1 : 0;
}

function depthOfIpv6(address: string): number {
  const embedded = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):[0-9a-f]{1,4}$/.exec(address);
  if (embedded) {
    const high = parseInt(embedded[1]!, 16);
    return depthOfIpv4(high >> 8, high & 255);
  }
  if (address === "::1") return 2;
  if (address === "::" || /^fe[89ab]/.test(address) || address === "fd00:ec2::254") return 3;
  return /^f[cd]/.test(address) ? 1 : 0;
}

/** Whether `host:port` or `[::1]:port` names this machine. */
export function isLoopback(host: string): boolean {
  const url = `http://${host}`;
  return URL.canParse(url) && depthOf(new URL(url).hostname) === 2;
}

/**
 * Whether two hosts belong to one owner: `auth.docker.io` and `registry-1.docker.io`. Goes by the last two labels, or three
 * below `co.uk` and the like: the full list of public suffixes is larger than this whole directory.
 */
export function sameSite(a: string, b: string): boolean {
  return a === b || (siteOf(a) !== undefined && siteOf(a) === siteOf(b));
}

function siteOf(hostname: string): string | undefined {
  const labels = hostname.replace(/\.$/, "").split(".");
  if (labels.length < 2 || hostname.startsWith("[") || /^\d+$/.test(labels.at(-1)!)) return undefined;
  const shared = /^(?:ac|co|com|edu|gob|gov|go|ne|net|nom|or|org)\.[a-z]{2}$/.test(
    labels.slice(-2).join("."),
  );
  return labels.length < 3 && shared ? undefined : labels.slice(shared ? -3 : -2).join(".");
}

/** Whether this host is on a list of hosts with or without a port. */
export function isListed(url: URL, hosts: readonly string[]): boolean {
  return hosts.includes(url.host) || hosts.includes(url.hostname);
}
