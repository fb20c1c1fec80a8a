import type { Capability } from "../http/endpoint.ts";
import type { Fields } from "./fields.ts";
import { parseToml } from "./toml.ts";

/** A host of containerd's `hosts.toml`. Paths are as they stand in the file. */
export interface TomlHost {
  /** The root of its API. */
  root: string;
  capabilities: readonly Capability[];
  ca?: string[] | undefined;
  /** Certificates and keys; a file without a second one holds both. */
  client?: string[][] | undefined;
  skipVerify?: boolean | undefined;
  headers?: Record<string, string[]> | undefined;
  /** Milliseconds. */
  dialTimeout?: number | undefined;
}

const allCapabilities: readonly Capability[] = ["pull", "resolve", "push", "referrers"];

/**
 * Reads containerd's `hosts.toml`. Its hosts come in the order of the file; the `server` is the last one, and what the registry
 * itself is where the file names none. https://github.com/containerd/containerd/blob/main/docs/hosts.md
 *
 * @throws {GantryError} `invalid-document`.
 */
export function parseHostsToml(text: string, path: string, registryRoot: string): TomlHost[] {
  const file = parseToml(text, path);
  const table = file.table("host");
  const hosts = (table?.names ?? []).map((url) => hostOf(url, table!.table(url)!));
  const server = file.string("server");
  const last = hostOf(server ?? `https://${registryRoot}`, file);
  // Without a server, whether the registry speaks HTTPS is found out as for any other.
  return [...hosts, server === undefined ? { ...last, root: registryRoot } : last];
}

function hostOf(url: string, fields: Fields): TomlHost {
  const address = /^[a-z]+:\/\//.test(url) ? url : `https://${url}`;
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
    throw fields.invalid(`${JSON.stringify(url)} is no address of a host`);
  }
  return {
    root: rootOf(address, fields.boolean("override_path") ?? false),
    capabilities: capabilitiesOf(fields),
    ca: fields.strings("ca"),
    client: clientOf(fields),
    skipVerify: fields.boolean("skip_verify"),
    headers: headersOf(fields),
    dialTimeout: durationOf(fields),
  };
}

/** The API is below the path of the URL, unless the path is told to be that of the API. */
function rootOf(url: string, override: boolean): string {
  const root = url.replace(/\/+$/, "");
  return override || root.endsWith("/v2") ? root : `${root}/v2`;
}

function capabilitiesOf(fields: Fields): readonly Capability[] {
  const names = fields.strings("capabilities");
  const other = names?.find((name) => !allCapabilities.includes(name as Capability));
  if (other === undefined) return names as Capability[] | undefined ?? allCapabilities;
  throw fields.invalid(`${JSON.stringify(other)} is no capability; there are ${allCapabilities.join(", ")}`);
}

/** A path, a list of paths, or a list of pairs of them. */
function clientOf(fields: Fields): string[][] | undefined {
  const value = fields.value("client");
  if (value === undefined) return undefined;
  const pairs = [value].flat().map((one) => [one].flat());
  if (pairs.every((pair) => pair.length <= 2 && pair.every((path) => typeof path === "string"))) {
    return pairs as string[][];
  }
  throw fields.invalid("client is not a path, a list of paths or a list of pairs of them");
}

function headersOf(fields: Fields): Record<string, string[]> | undefined {
  const table = fields.table("header");
  return table && Object.fromEntries(table.names.map((name) => [name, table.strings(name)!]));
}

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A duration as Go writes it: `1m30s`. */
function durationOf(fields: Fields): number | undefined {
  const text = fields.string("dial_timeout");
  if (text === undefined) return undefined;
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text)) {
    throw fields.invalid("dial_timeout is no duration such as 3s");
  }
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * units[unit!]!, 0);
}
