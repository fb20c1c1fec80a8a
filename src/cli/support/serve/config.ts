import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { storageError } from "../../../disk/errors.ts";
import { GantryError } from "../../../errors.ts";
import type { AccessRule, ClientLimits, QuotaRule } from "../../../server/mod.ts";
import {
  type Check,
  count,
  flag,
  invalid,
  list,
  map,
  number,
  requireKind,
  seconds,
  shape,
  text,
  texts,
} from "./checks.ts";
import { isNetwork } from "./proxies.ts";
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
  /** Sends who reads a blob to the bucket. Default: where clients reach it as they reach the registry. */
  redirect?: boolean;
  /** Serves HTTPS. Both files are read again when they change. */
  tls?: { cert: string; key: string };
  /** Speaks HTTP/2 over TLS, with those who do. */
  http2?: boolean;
  /** Who may log in: a file of names and hashes. */
  htpasswd?: string;
  /** Tokens in place of passwords at each request. */
  tokens?: TokenConfig;
  /** Who may do what. Default: everybody may do everything, or with users everything who has logged in. */
  rules?: AccessRule[];
  /** Origins of pages that may use it from browsers. */
  cors?: string[];
  /** How much each client address, user or repository may do. */
  limits?: { address?: ClientLimits; user?: ClientLimits; repository?: ClientLimits };
  /** Addresses and networks of proxies that are believed for whom they ask. */
  trustedProxies?: string[];
  /** How much each of some repositories may hold. */
  quotas?: QuotaRule[];
  /** What is no longer wanted, which goes when garbage is collected; on a disk. */
  retention?: RetentionRule[];
  /** Seconds between two collections of garbage, on a disk. Default: only `gantry registry gc` collects it. */
  gcInterval?: number;
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
  /** Bytes a second that are read again in the background, to find what a disk has spoilt; 0 for none. Default: 8388608. */
  scrub?: number;
  /** Seconds that requests under way are given when it is told to end. */
  grace?: number;
}

/** Tags and manifests that are no longer wanted. */
export interface RetentionRule {
  /** Repositories: names, in which `*` stands for part of a segment and `**` for anything. Default: all. */
  repositories?: string | string[];
  /** Which tags it is about, as globs. Default: all. */
  tags?: string[];
  /** Which of these it is not about. */
  except?: string[];
  /** Those tags go that are not among the last so many, of those that it is about. */
  keepLast?: number;
  /** Those tags go that nobody has pushed for so many seconds; with `keepLast` those of which both is true. */
  olderThan?: number;
  /** Manifests go to which nothing leads, and that nobody has pushed or built upon for so many seconds. */
  untagged?: number;
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

const actions = ["pull", "push", "delete", "catalog"];
const url: Check = (value, where) =>
  requireKind(typeof value === "string" && /^https?:\/\//.test(value) && URL.canParse(value), where, "a URL");
const names: Check = (value, where) => typeof value === "string" ? text(value, where) : texts(value, where);
const limits = shape({ requests: number(), burst: count(1), uploads: count(1), openUploads: count(1) });
const quota = { repositories: names, bytes: count(0), manifests: count(0), tags: count(0) };
const retention = {
  repositories: names,
  tags: texts,
  except: texts,
  keepLast: count(0),
  olderThan: seconds,
  untagged: seconds,
};
function isOrigin(value: unknown): boolean {
  return value === "*" ||
    (typeof value === "string" && URL.canParse(value) && new URL(value).origin === value);
}

/** No timer waits longer: 24 days. */
const longestInterval = 2_000_000;

/** A shape in which one of some fields must be. */
const withOneOf = (fields: Record<string, Check>, needed: readonly string[]): Check => (value, where) => {
  shape(fields)(value, where);
  requireKind(
    needed.some((name) => Object.hasOwn(value as object, name)),
    where,
    `one with ${needed.join(" or ")}`,
  );
};

const config = shape({
  address: text,
  disk: text,
  s3: text,
  endpoint: text,
  blobGrace: seconds,
  redirect: flag,
  tls: shape({ cert: text, key: text }, ["cert", "key"]),
  http2: flag,
  htpasswd: text,
  tokens: shape({ realm: text, service: text, issuer: text, key: text, keys: text }, [
    "realm",
    "service",
    "issuer",
  ]),
  rules: list(shape({
    repositories: names,
    users: texts,
    actions: list((value, where) =>
      requireKind(actions.includes(value as string), where, `one of ${actions.join(", ")}`)
    ),
  }, ["actions"])),
  cors: list((value, where) =>
    requireKind(isOrigin(value), where, "* or an origin such as https://ui.example.com")
  ),
  limits: shape({ address: limits, user: limits, repository: limits }),
  trustedProxies: list((value, where) =>
    requireKind(
      typeof value === "string" && isNetwork(value),
      where,
      "an address or a network such as 10.0.0.0/8",
    )
  ),
  quotas: list(withOneOf(quota, ["bytes", "manifests", "tags"])),
  retention: list(withOneOf(retention, ["keepLast", "olderThan", "untagged"])),
  gcInterval: number(longestInterval),
  readOnly: flag,
  sparse: flag,
  upstreams: list(shape({ registry: text, prefix: text, fresh: seconds }, ["registry"])),
  immutableTags: texts,
  webhooks: list(shape({ url, headers: map }, ["url"])),
  admin: text,
  accessLog: flag,
  uploadExpiry: seconds,
  scrub: (value, where) =>
    requireKind(typeof value === "number" && value >= 0, where, "a number of bytes a second"),
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
    for (const field of ["quotas", "retention", "gcInterval"] as const) {
      if (checked.s3 !== undefined && checked[field]) {
        throw invalid(`config.${field} is not for buckets: config.s3 must go, or it`);
      }
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
