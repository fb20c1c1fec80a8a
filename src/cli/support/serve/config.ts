import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { storageError } from "../../../disk/errors.ts";
import { GantryError } from "../../../errors.ts";
import type { AccessRule } from "../../../server/mod.ts";
import { parseJson } from "../../../spec/json.ts";

/** What `gantry registry serve --config FILE` reads: see docs/serve-config.md. Paths are seen from the file's directory. */
export interface ServeConfig {
  /** [HOST]:PORT. */
  address?: string;
  /** The directory in which images are kept. Default: in memory. */
  disk?: string;
  /** The bucket in which images are kept: `s3://BUCKET/PREFIX`. */
  s3?: string;
  /** The server of the bucket, where it is not Amazon's. */
  endpoint?: string;
  /** Seconds that a bucket keeps blobs which no manifest names. */
  blobGrace?: number;
  /** Serves HTTPS. Both files are read again when they change. */
  tls?: { cert: string; key: string };
  /** Who may log in: a file of names and hashes. */
  htpasswd?: string;
  /** Tokens in place of passwords at each request. */
  tokens?: TokenConfig;
  /** Who may do what. Default: everybody may do everything, or with users everything who has logged in. */
  rules?: AccessRule[];
  /** Nobody pushes or deletes. */
  readOnly?: boolean;
  /** Registries of which it is a mirror. */
  upstreams?: UpstreamConfig[];
  /** Takes manifests that name what is not there. */
  sparse?: boolean;
  /** Tags that are given once, as globs: `v*`. */
  immutableTags?: string[];
  /** Who is told of what happens. */
  webhooks?: { url: string; headers?: Record<string, string> }[];
  /** [HOST]:PORT where /metrics, /healthz and /readyz are served, apart from the registry. */
  admin?: string;
  /** Writes a line of JSON for each request to standard output. */
  accessLog?: boolean;
  /** Seconds after which an upload in which nothing happens is forgotten, on a disk. Default: 604800, a week. */
  uploadExpiry?: number;
  /** Seconds that requests under way are given when it is told to end. */
  grace?: number;
}

/** A registry that is read through this one. */
export interface UpstreamConfig {
  /** The registry: `docker.io`. Clients that say for which registry they ask get its repositories under their own names. */
  registry: string;
  /** Under which names other clients find its repositories: `hub` for `hub/library/alpine`. Default: they do not. */
  prefix?: string;
  /** How long a tag is believed, in seconds. Default: 60. */
  fresh?: number;
}

/** Tokens that it gives itself, signed with a key of its own, or tokens of others. */
export interface TokenConfig {
  /** Where clients ask for tokens. */
  realm: string;
  service: string;
  issuer: string;
  /** A file with a private JSON Web Key: it gives tokens itself, at the path of `realm`. */
  key?: string;
  /** A file with public JSON Web Keys of others, as a set, or the URL of one. */
  keys?: string;
}

type Check = (value: unknown, where: string) => void;

const text: Check = (value, where) => requireKind(typeof value === "string" && value !== "", where, "a text");
const flag: Check = (value, where) => requireKind(typeof value === "boolean", where, "true or false");
const seconds: Check = (value, where) =>
  requireKind(typeof value === "number" && value >= 0, where, "a number of seconds");
const list = (item: Check): Check => (value, where) => {
  requireKind(Array.isArray(value), where, "a list");
  for (const [i, one] of (value as unknown[]).entries()) item(one, `${where}[${i}]`);
};
const texts = list(text);
const map: Check = (value, where) => {
  requireKind(isObject(value), where, "an object");
  for (const [name, one] of Object.entries(value as object)) text(one, `${where}.${name}`);
};
const shape = (fields: Record<string, Check>, required: readonly string[] = []): Check => (value, where) => {
  requireKind(isObject(value), where, "an object");
  for (const [name, one] of Object.entries(value as object)) {
    if (!Object.hasOwn(fields, name)) {
      throw invalid(`${where}.${name} means nothing, there are ${Object.keys(fields).join(", ")}`);
    }
    fields[name]!(one, `${where}.${name}`);
  }
  for (const name of required) {
    requireKind(Object.hasOwn(value as object, name), `${where}.${name}`, "needed");
  }
};

const config = shape({
  address: text,
  disk: text,
  s3: text,
  endpoint: text,
  blobGrace: seconds,
  tls: shape({ cert: text, key: text }, ["cert", "key"]),
  htpasswd: text,
  tokens: shape({ realm: text, service: text, issuer: text, key: text, keys: text }, [
    "realm",
    "service",
    "issuer",
  ]),
  rules: list(shape({
    repositories: (value, where) => typeof value === "string" ? undefined : texts(value, where),
    users: texts,
    actions: texts,
  }, ["actions"])),
  readOnly: flag,
  sparse: flag,
  upstreams: list(shape({ registry: text, prefix: text, fresh: seconds }, ["registry"])),
  immutableTags: texts,
  webhooks: list(shape({ url: text, headers: map }, ["url"])),
  admin: text,
  accessLog: flag,
  uploadExpiry: seconds,
  grace: seconds,
});

/**
 * Reads a configuration.
 *
 * @throws {GantryError} `storage`, `not-found`; `invalid-document` with the place in the file of what is wrong.
 */
export async function readServeConfig(path: string): Promise<ServeConfig> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw storageError(`read ${JSON.stringify(path)}`, error);
  }
  try {
    const found = parseJson(bytes, path);
    config(found, "config");
    const checked = found as ServeConfig;
    if (checked.tokens && !checked.tokens.key === !checked.tokens.keys) {
      throw invalid("config.tokens needs either key or keys");
    }
    return withPaths(checked, dirname(path));
  } catch (error) {
    if (!GantryError.is(error, "invalid-document")) throw error;
    throw new GantryError("invalid-document", `read ${JSON.stringify(path)}: ${error.message}`, {
      cause: error,
    });
  }
}

function withPaths(config: ServeConfig, directory: string): ServeConfig {
  const at = (path: string) => resolve(directory, path);
  const { disk, tls, htpasswd, tokens } = config;
  return {
    ...config,
    ...(disk !== undefined && { disk: at(disk) }),
    ...(tls && { tls: { cert: at(tls.cert), key: at(tls.key) } }),
    ...(htpasswd !== undefined && { htpasswd: at(htpasswd) }),
    ...(tokens && {
      tokens: {
        ...tokens,
        ...(tokens.key !== undefined && { key: at(tokens.key) }),
        ...(tokens.keys !== undefined && !/^https?:/.test(tokens.keys) && { keys: at(tokens.keys) }),
      },
    }),
  };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function requireKind(is: boolean, where: string, kind: string): void {
  if (!is) throw invalid(`${where} is not ${kind === "needed" ? "there, and it is needed" : kind}`);
}

function invalid(reason: string): GantryError {
  return new GantryError("invalid-document", reason);
}
