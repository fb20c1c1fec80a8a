import { dirname, isAbsolute, join } from "node:path";
import { GantryError } from "../errors.ts";
import {
  type Capability,
  type Connection,
  type Endpoint,
  type EndpointsProvider,
  rootOf as registryRoot,
} from "../http/endpoint.ts";
import { Fields } from "./fields.ts";
import { readText, requireText } from "./files.ts";

const allCapabilities: readonly Capability[] = ["resolve", "pull", "push", "referrers"];
/** What a mirror is good for unless told. */
const mirrorCapabilities: readonly Capability[] = ["resolve", "pull", "referrers"];

const hostNames = ["url", "capabilities", "headers", "ca", "cert", "key", "insecure"];

/** What a file of Gantry's own says. */
export interface HostsFile {
  /** Other files and directories that count where this one says nothing. */
  include: string[];
  endpoints: EndpointsProvider;
}

/**
 * Reads a file of Gantry's own, which is JSON: what is special about each registry, by its host. `docs/hosts.md` tells what
 * may stand in it.
 *
 * @throws {GantryError} `invalid-document`, `not-found` for a file that it names.
 */
export async function readHostsFile(path: string): Promise<HostsFile> {
  const text = await readText(path);
  const file = new Fields(text === undefined ? {} : parse(text, path), `read ${path}`);
  file.only("include", "hosts");
  const hosts = file.table("hosts");
  for (const registry of hosts?.names ?? []) check(hosts!.table(registry)!);
  return {
    include: (file.strings("include") ?? []).map((included) => beside(path, included)),
    async endpoints({ registry }) {
      const fields = hosts?.table(registry);
      if (!fields) return undefined;
      const mirrors = await Promise.all(
        mirrorsOf(fields).map((mirror) => endpointOf(mirror, registry, path, mirrorCapabilities)),
      );
      return [...mirrors, await endpointOf(fields, registry, path, allCapabilities)];
    },
  };
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new GantryError("invalid-document", `read ${path}: ${(error as Error).message}`);
  }
}

/** Looks at all of it, so that a mistake shows at once and not when the registry is asked for. */
function check(fields: Fields): void {
  fields.only(...hostNames, "mirrors");
  for (const mirror of mirrorsOf(fields)) mirror.only(...hostNames);
  for (const one of [fields, ...mirrorsOf(fields)]) {
    capabilitiesOf(one, allCapabilities);
    rootOf(one, "registry");
  }
}

/** A mirror may be an address alone. */
function mirrorsOf(fields: Fields): Fields[] {
  const list = fields.value("mirrors") ?? [];
  if (!Array.isArray(list)) throw fields.invalid("mirrors is not a list");
  return list.map((one, i) => {
    const mirror = new Fields(
      typeof one === "string" ? { url: one } : one,
      `${fields.where}: mirror ${i + 1}`,
    );
    if (mirror.string("url") === undefined) throw mirror.invalid("there is no url");
    return mirror;
  });
}

async function endpointOf(
  fields: Fields,
  registry: string,
  path: string,
  usual: readonly Capability[],
): Promise<Endpoint> {
  const { root, socket } = rootOf(fields, registry);
  const connection = await connectionOf(fields, path);
  if (socket !== undefined) connection.socket = socket;
  const table = fields.table("headers");
  return {
    root,
    capabilities: capabilitiesOf(fields, usual),
    ...(table && { headers: Object.fromEntries(table.names.map((name) => [name, table.string(name)!])) }),
    ...(Object.keys(connection).length > 0 && { connection }),
  };
}

/** `https://host/path`, `http://host`, or `unix:///path` of a socket on which plain HTTP is spoken. */
function rootOf(fields: Fields, registry: string): { root: string; socket?: string } {
  const url = fields.string("url");
  if (url === undefined) return { root: registryRoot(registry) };
  const socket = /^unix:\/\/(\/.+)$/.exec(url)?.[1];
  if (socket !== undefined) return { root: `http://${registry}/v2`, socket };
  const good = /^https?:\/\/[^/?#@]+(?:\/[^?#]*)?$/.test(url) && URL.canParse(url);
  if (!good) {
    throw fields.invalid(`the url ${JSON.stringify(url)} is not https://HOST, http://HOST or unix:///PATH`);
  }
  return { root: `${url.replace(/\/+$/, "")}/v2` };
}

function capabilitiesOf(fields: Fields, usual: readonly Capability[]): readonly Capability[] {
  const names = fields.strings("capabilities") ?? usual;
  const other = names.find((name) => !allCapabilities.includes(name as Capability));
  if (other === undefined) return names as readonly Capability[];
  throw fields.invalid(`${JSON.stringify(other)} is no capability; there are ${allCapabilities.join(", ")}`);
}

async function connectionOf(fields: Fields, path: string): Promise<Connection> {
  const read = (name: string) => requireText(beside(path, name), fields.where);
  const [ca, cert, key] = [fields.strings("ca"), fields.string("cert"), fields.string("key")];
  if (key !== undefined && cert === undefined) throw fields.invalid("there is a key and no cert");
  return {
    ...(ca && { ca: await Promise.all(ca.map(read)) }),
    ...(cert !== undefined && { cert: await read(cert), key: await read(key ?? cert) }),
    ...(fields.boolean("insecure") !== undefined && { insecure: fields.boolean("insecure") }),
  };
}

/** A path in a file is meant beside that file. */
function beside(path: string, name: string): string {
  return isAbsolute(name) ? name : join(dirname(path), name);
}
