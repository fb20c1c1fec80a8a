import { utf8 } from "../bytes.ts";
import type { Credentials } from "../content/credentials.ts";
import { GantryError } from "../errors.ts";
import { type JsonObject, parseJson } from "../spec/json.ts";
import { credentialsIn, parseAuthEntry } from "./auth_entry.ts";
import type { Keychain } from "./chain.ts";
import { findKey, type Server } from "./server_key.ts";

/** A `config.json` of Docker, or an `auth.json` of podman. */
export interface ConfigDocument {
  /** How errors call it. */
  readonly what: string;
  /** Entries by their keys. They are read when they are needed: a broken one spoils no other. */
  readonly auths: JsonObject;
  /** The helpers of registries, by their names without `docker-credential-`. */
  readonly credHelpers: Record<string, string>;
  /** The helper for all others. */
  readonly credsStore: string | undefined;
  /** What Docker sends along with every request. */
  readonly httpHeaders: Record<string, string>;
}

/**
 * Reads a `config.json` or `auth.json`; an empty one says nothing.
 *
 * @param what Names the document in errors.
 * @throws {GantryError} `invalid-document` for what is no such document.
 */
export function parseConfigDocument(document: Uint8Array | string, what: string): ConfigDocument {
  const object = parseObject(document, what);
  const credsStore = field(object, "credsStore") ?? undefined;
  if (credsStore !== undefined && typeof credsStore !== "string") {
    throw invalid(what, `"credsStore" is not a string`);
  }
  return {
    what,
    auths: objectAt(object, "auths", what),
    credHelpers: stringsAt(object, "credHelpers", what),
    credsStore: credsStore || undefined,
    httpHeaders: stringsAt(object, "HttpHeaders", what),
  };
}

/**
 * Reads a `.dockercfg`, the file before `config.json`: entries by their keys, or in its oldest form one line
 * `auth = BASE64` for Docker Hub.
 *
 * @param what Names the document in errors.
 * @throws {GantryError} `invalid-document` for what is no such document.
 */
export function parseDockercfg(document: Uint8Array | string, what: string): ConfigDocument {
  const nothing = { what, credHelpers: {}, credsStore: undefined, httpHeaders: {} };
  const source = typeof document === "string" ? document : new TextDecoder().decode(document);
  const [, auth] = /^\s*auth\s*=\s*(\S+)\s*$/m.exec(source) ?? [];
  return { ...nothing, auths: auth === undefined ? parseObject(document, what) : { "docker.io": { auth } } };
}

/**
 * The credentials that a document holds for a server itself, without asking helpers.
 *
 * @throws {GantryError} `invalid-document` where the entry cannot be read.
 */
export function credentialsAt({ auths, what }: ConfigDocument, server: Server): Credentials | undefined {
  const key = findKey(Object.keys(auths), server);
  return key === undefined
    ? undefined
    : credentialsIn(parseAuthEntry(auths[key], `${JSON.stringify(key)} of ${what}`));
}

/** The helper that a document names for a registry. A registry may be excepted from `credsStore` with an empty name. */
export function helperFor({ credHelpers, credsStore }: ConfigDocument, registry: string): string | undefined {
  const key = findKey(Object.keys(credHelpers), { registry });
  return (key === undefined ? credsStore : credHelpers[key]) || undefined;
}

/**
 * The credentials in a `config.json` or `auth.json` that is at hand as a text, such as a secret of an edge function. Helpers
 * that it names are not asked.
 *
 * @param what Names the document in errors.
 * @throws {GantryError} `invalid-document` for what is no such document.
 *
 * @example
 * ```ts
 * import { configCredentials } from "@gantry/oci/edge";
 *
 * const keychain = configCredentials('{ "auths": { "quay.io/acme": { "auth": "bWU6c2VjcmV0" } } }');
 * console.log(await keychain({ registry: "quay.io", repository: "acme/app", actions: ["pull"] }));
 * ```
 */
export function configCredentials(document: Uint8Array | string, what: string = "the config"): Keychain {
  const parsed = parseConfigDocument(document, what);
  return async (request) => await credentialsAt(parsed, request);
}

function parseObject(document: Uint8Array | string, what: string): JsonObject {
  const bytes = typeof document === "string" ? utf8(document) : document;
  if (bytes.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d))) return {};
  const value = parseJson(bytes, what);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(what, "not an object");
  }
  return value as JsonObject;
}

/** Docker and podman, which are written in Go, do not mind the case of a field's name. */
function field(object: JsonObject, name: string): unknown {
  const found = Object.keys(object).find((key) => key.toLowerCase() === name.toLowerCase());
  return object[name] ?? (found === undefined ? undefined : object[found]);
}

function objectAt(object: JsonObject, name: string, what: string): JsonObject {
  const value = field(object, name) ?? {};
  if (typeof value !== "object" || Array.isArray(value)) throw invalid(what, `"${name}" is not an object`);
  return value as JsonObject;
}

function stringsAt(object: JsonObject, name: string, what: string): Record<string, string> {
  const strings = objectAt(object, name, what);
  for (const [key, value] of Object.entries(strings)) {
    if (typeof value !== "string") throw invalid(what, `${JSON.stringify(key)} of "${name}" is not a string`);
  }
  return strings as Record<string, string>;
}

function invalid(what: string, problem: string): GantryError {
  return new GantryError("invalid-document", `parse ${what}: ${problem}`);
}
