import type { Capability, Endpoint } from "../http/endpoint.ts";
import type { Fields } from "./fields.ts";
import { parseToml } from "./toml.ts";

/** What stands in for names that begin with a prefix. */
export interface Rule {
  /** `docker.io/library`, `*.example.com`. */
  prefix: string;
  /** What is put in the place of the prefix. */
  location: string;
  insecure: boolean;
  blocked: boolean;
  mirrors: readonly Mirror[];
  /** The file that it stands in. */
  path: string;
}

/** Another place for the same. */
export interface Mirror {
  location: string;
  insecure: boolean;
  capabilities: readonly Capability[];
}

/** What `pull-from-mirror` allows a mirror. Of what a tag leads to, the parts are named by digest. */
const pullFrom: Record<string, readonly Capability[]> = {
  "all": ["resolve", "pull", "referrers"],
  "digest-only": ["pull", "referrers"],
  "tag-only": ["resolve"],
};

/**
 * Reads the `registries.conf` of podman, skopeo and buildah, version 2 or 1. Short names are not for us: they are checked and
 * left alone. https://github.com/containers/image/blob/main/docs/containers-registries.conf.5.md
 *
 * @throws {GantryError} `invalid-document`.
 */
export function parseRegistriesConf(text: string, path: string): Rule[] {
  const file = parseToml(text, path);
  checkShortNames(file);
  const old = file.table("registries");
  if (!old) return consistent(file.tables("registry").map((fields) => ruleOf(fields, path)), file);
  const newNames = [
    "unqualified-search-registries",
    "registry",
    "credential-helpers",
    "short-name-mode",
    "aliases",
  ];
  if (newNames.some((name) => file.has(name))) throw file.invalid("it mixes versions 1 and 2 of the format");
  return oldRules(old, path);
}

function ruleOf(fields: Fields, path: string): Rule {
  fields.only("prefix", "location", "insecure", "blocked", "mirror", "mirror-by-digest-only");
  const prefix = fields.string("prefix") ?? fields.string("location") ?? "";
  const wildcard = prefix.startsWith("*.");
  const location = fields.string("location") ?? (wildcard ? "" : prefix);
  if (!wildcard || location !== "") checkLocation(location, "location", fields);
  if (!wildcard) checkLocation(prefix, "prefix", fields);
  else if (prefix.includes("/")) throw fields.invalid(`the prefix ${JSON.stringify(prefix)} has a path`);
  const byDigest = fields.boolean("mirror-by-digest-only") ?? false;
  return {
    prefix: trimmed(prefix),
    location: trimmed(location),
    insecure: fields.boolean("insecure") ?? false,
    blocked: fields.boolean("blocked") ?? false,
    mirrors: fields.tables("mirror").map((mirror) => mirrorOf(mirror, byDigest)),
    path,
  };
}

function mirrorOf(fields: Fields, byDigest: boolean): Mirror {
  fields.only("location", "insecure", "pull-from-mirror");
  const location = fields.string("location") ?? "";
  checkLocation(location, "location", fields);
  const told = fields.string("pull-from-mirror");
  if (told !== undefined && byDigest) {
    throw fields.invalid("pull-from-mirror is told, and mirror-by-digest-only for all mirrors");
  }
  const capabilities = pullFrom[told ?? (byDigest ? "digest-only" : "all")];
  if (!capabilities) {
    throw fields.invalid(`pull-from-mirror is not one of ${Object.keys(pullFrom).join(", ")}`);
  }
  return { location: trimmed(location), insecure: fields.boolean("insecure") ?? false, capabilities };
}

/** Several rules for one prefix must agree; their mirrors count together. */
function consistent(rules: readonly Rule[], file: Fields): Rule[] {
  const byPrefix = new Map<string, Rule>();
  for (const rule of rules) {
    const first = byPrefix.get(rule.prefix);
    for (const name of ["insecure", "blocked"] as const) {
      if (!first || first[name] === rule[name]) continue;
      throw file.invalid(`${JSON.stringify(rule.prefix)} is there twice, and ${name} is not the same`);
    }
    byPrefix.set(rule.prefix, { ...rule, mirrors: [...first?.mirrors ?? [], ...rule.mirrors] });
  }
  return [...byPrefix.values()];
}

/** Version 1: three lists of registries. */
function oldRules(tables: Fields, path: string): Rule[] {
  const list = (name: string) => {
    const fields = tables.table(name);
    return (fields?.strings("registries") ?? []).map((location) => {
      checkLocation(location, "registry", fields!);
      return trimmed(location);
    });
  };
  for (const registry of list("search")) checkHost(registry, tables);
  const [insecure, blocked] = [list("insecure"), list("block")];
  return [...new Set([...insecure, ...blocked])].map((location) => ({
    prefix: location,
    location,
    insecure: insecure.includes(location),
    blocked: blocked.includes(location),
    mirrors: [],
    path,
  }));
}

function checkShortNames(file: Fields): void {
  for (const registry of file.strings("unqualified-search-registries") ?? []) checkHost(registry, file);
  const mode = file.string("short-name-mode");
  if (mode !== undefined && !["", "enforcing", "permissive", "disabled"].includes(mode)) {
    throw file.invalid("short-name-mode is not enforcing, permissive or disabled");
  }
  const aliases = file.table("aliases");
  for (const name of aliases?.names ?? []) {
    const target = aliases!.string(name)!;
    if (target === "") continue;
    const last = target.slice(target.lastIndexOf("/") + 1);
    if (!target.includes("/") || /[:@]/.test(last)) {
      throw aliases!.invalid(`${name} is no repository with its registry: ${JSON.stringify(target)}`);
    }
  }
}

function checkHost(registry: string, fields: Fields): void {
  checkLocation(registry, "registry", fields);
  if (trimmed(registry).includes("/")) {
    throw fields.invalid(`${JSON.stringify(registry)} is to be searched, and is more than a registry`);
  }
}

function checkLocation(location: string, name: string, fields: Fields): void {
  if (trimmed(location) === "") throw fields.invalid(`there is no ${name}`);
  if (location.includes("://")) throw fields.invalid(`the ${name} ${JSON.stringify(location)} has a scheme`);
}

function trimmed(location: string): string {
  return location.replace(/\/+$/, "");
}

/** The rule for a name such as `docker.io/library/alpine`: that with the longest prefix. */
export function ruleFor(name: string, rules: readonly Rule[]): Rule | undefined {
  const matching = rules.filter(({ prefix }) => lengthMatched(name, prefix) !== undefined);
  return matching.sort((a, b) => b.prefix.length - a.prefix.length)[0];
}

/** How much of a name a prefix stands for. */
function lengthMatched(name: string, prefix: string): number | undefined {
  if (prefix.startsWith("*.")) {
    const [host = ""] = name.split("/", 1);
    return host.replace(/:\d+$/, "").endsWith(prefix.slice(1)) || host.endsWith(prefix.slice(1))
      ? host.length
      : undefined;
  }
  if (!name.startsWith(prefix)) return undefined;
  return name.length === prefix.length || "/:@".includes(name[prefix.length]!) ? prefix.length : undefined;
}

/** Where a name is to be found, by a rule: its mirrors, and then the place itself. */
export function endpointsBy(rule: Rule, name: string, rootOf: (registry: string) => string): Endpoint[] {
  const rest = name.slice(lengthMatched(name, rule.prefix)!);
  const place = (location: string, insecure: boolean): Endpoint => {
    const full = `${location}${rest}`;
    const slash = full.indexOf("/");
    const [host, repository] = slash < 0 ? [full, undefined] : [full.slice(0, slash), full.slice(slash + 1)];
    return {
      root: rootOf(host),
      ...(repository !== undefined && { repository }),
      ...(insecure && { connection: { insecure } }),
    };
  };
  const mirrors = rule.mirrors.map(({ location, insecure, capabilities }) => (
    { ...place(location, insecure), capabilities }
  ));
  const location = rule.location === "" ? name.slice(0, name.length - rest.length) : rule.location;
  return [...mirrors, place(location, rule.insecure)];
}
