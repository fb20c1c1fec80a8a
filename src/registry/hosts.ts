import { GantryError } from "../errors.ts";

/** The host that answers for a registry. */
export function endpointOf(registry: string): string {
  return registry === "docker.io" ? "registry-1.docker.io" : registry;
}

/**
 * How deep inside a host name leads: 0 the internet, 1 a private network, 2 this machine, 3 addresses where cloud providers
 * keep secrets. A server may send us to its own depth, never deeper. Only names that tell it by themselves are known: no
 * DNS is asked. Expects a `URL`'s hostname, in which odd spellings of addresses are already resolved.
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

/** Whether it names this machine, `host:port` or `[::1]:port`. */
export function isLoopback(host: string): boolean {
  const url = `http://${host}`;
  return URL.canParse(url) && depthOf(new URL(url).hostname) === 2;
}

/**
 * Whether two hosts belong to one owner: `auth.docker.io` and `registry-1.docker.io`. Goes by the last two labels, or three
 * below `co.uk` and its like; the full list of public suffixes is larger than all of this room.
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

/**
 * Resolves what a server sends us to next, and refuses what it has no business sending us to: other protocols, plain HTTP
 * after HTTPS, hosts deeper inside than its own unless they are trusted.
 */
export function follow(from: URL, to: string, what: string, trusted: readonly string[] = []): URL {
  const refuse = (why: string) => new GantryError("denied", `${what}: ${from.host} leads to ${why}`);
  if (!URL.canParse(to, from.href)) throw refuse("an address that cannot be read");
  const url = new URL(to, from.href);
  url.username = url.password = url.hash = "";
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw refuse(`an address of another kind, ${url.protocol}`);
  }
  if (from.protocol === "https:" && url.protocol === "http:") throw refuse(`${url.host} over plain HTTP`);
  if (url.host !== from.host && depthOf(url.hostname) > depthOf(from.hostname) && !isListed(url, trusted)) {
    throw refuse(`${url.host}, an address inside the network`);
  }
  return url;
}

/** Whether a list of hosts, with or without a port, has this one. */
export function isListed(url: URL, hosts: readonly string[]): boolean {
  return hosts.includes(url.host) || hosts.includes(url.hostname);
}

/** Adds to a query without touching what stands there, as it may be signed. */
export function withQuery(url: URL, pairs: Iterable<readonly [string, string]>): URL {
  let query = url.search;
  for (const [key, value] of pairs) query += `${query ? "&" : "?"}${key}=${encodeURIComponent(value)}`;
  const next = new URL(url);
  next.search = query;
  return next;
}

/** A text from elsewhere, fit for a message: no control characters, no signed queries, no tokens, not long. */
export function redact(text: string): string {
  return text
    .replace(/([?&;][\w.%-]+=)[^&\s"'<>)]*/g, "$1…")
    .replace(/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, "$1 …")
    .replace(/\/\/[^/@\s]*@/g, "//")
    // deno-lint-ignore no-control-regex
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ")
    .trim()
    .replace(/^(.{300}).+$/u, "$1…");
}
