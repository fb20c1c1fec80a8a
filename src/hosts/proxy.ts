import { GantryError } from "../errors.ts";
import { depthOf } from "../http/hosts.ts";

/** Variables of an environment. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Whether an environment names a proxy for anything. */
export function namesProxy(env: Variables): boolean {
  return ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].some((name) => variable(env, name) !== undefined);
}

/**
 * The proxy for an address, as `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` tell, in capitals or not; undefined where
 * there is none. This machine is never reached through a proxy.
 *
 * @throws {GantryError} `unsupported` for proxies that do not speak HTTP.
 */
export function proxyFor(url: URL, env: Variables): string | undefined {
  const proxy = variable(env, url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY") ??
    variable(env, "ALL_PROXY");
  if (proxy === undefined || depthOf(url.hostname) === 2) return undefined;
  if (isExempt(url, variable(env, "NO_PROXY") ?? "")) return undefined;
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
  if (URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)) return address;
  const kind = /^[^:]*/.exec(address)![0];
  throw new GantryError(
    "unsupported",
    `connect to ${url.host} through the proxy of the environment: it is one for ${kind}, not http:// or https://`,
  );
}

function variable(env: Variables, name: string): string | undefined {
  return env[name] || env[name.toLowerCase()] || undefined;
}

/** Whether one of the entries of `NO_PROXY` is for this address. They are separated by commas or spaces. */
function isExempt(url: URL, list: string): boolean {
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  return list.toLowerCase().split(/[\s,]+/).filter((entry) => entry !== "").some((entry) => {
    if (entry === "*") return true;
    if (entry.includes("/")) return isInNetwork(host, entry);
    const [, name = "", onPort] = /^(.*?)(?::(\d+))?$/.exec(withBrackets(entry))!;
    if (onPort !== undefined && onPort !== port) return false;
    return isNamed(host, name.replace(/^\[|\]$/g, ""));
  });
}

/** An address of IPv6 without a port may stand without brackets. */
function withBrackets(entry: string): string {
  return !entry.startsWith("[") && entry.split(":").length > 2 ? `[${entry}]` : entry;
}

/** `example.com` is for itself and all below it, `.example.com` and `*.example.com` only for what is below. */
function isNamed(host: string, name: string): boolean {
  const suffix = name.replace(/^\*/, "");
  if (suffix.startsWith(".")) return host.endsWith(suffix);
  return host === name || host.endsWith(`.${name}`) || bitsOf(host) === (bitsOf(name) ?? "");
}

/** Whether a host is an address in a network: `10.0.0.0/8`, `fd00::/8`. */
function isInNetwork(host: string, network: string): boolean {
  const [address = "", length = ""] = network.split("/");
  const [inside, bits] = [bitsOf(host), bitsOf(address)];
  if (!inside || !bits || !/^\d+$/.test(length) || Number(length) > bits.length) return false;
  return inside.length === bits.length && inside.startsWith(bits.slice(0, Number(length)));
}

/** The bits of an address, as text; undefined for a name. */
function bitsOf(host: string): string | undefined {
  const text = host.includes(":") ? `http://[${host}]` : `http://${host}`;
  if (!URL.canParse(text)) return undefined;
  const { hostname } = new URL(text);
  if (/^\d+\.\d+\.\d+\.\d+$/.test(hostname)) {
    return hostname.split(".").map((part) => bits(Number(part), 8)).join("");
  }
  if (!hostname.startsWith("[")) return undefined;
  const [head = "", tail] = hostname.slice(1, -1).split("::");
  const groups = (part: string) => part === "" ? [] : part.split(":").map((group) => parseInt(group, 16));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const zeros = new Array<number>(8 - before.length - after.length).fill(0);
  return [...before, ...zeros, ...after].map((group) => bits(group, 16)).join("");
}

function bits(number: number, length: number): string {
  return number.toString(2).padStart(length, "0");
}
