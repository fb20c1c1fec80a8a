/**
 * Tokens of registries: a server that gives them, and what checks them, its own and those of others.
 *
 * @module
 */

import { createRemoteJWKSet, type CryptoKey, importJWK, type JWK, jwtVerify, SignJWT } from "jose";
import { readAll } from "../../bytes.ts";
import type { Handler } from "../handler.ts";
import { json } from "../responses.ts";
import { type Access, parseScope } from "./access.ts";
import { type GivenCredentials, readCredentials } from "./credentials.ts";
import type { Visitor } from "./protect.ts";

/** A key for signatures: a JSON Web Key, which names its algorithm in `alg`, or the bytes of a secret for HS256. */
export type TokenKey = JsonWebKey & { alg?: string; kid?: string } | Uint8Array;

/** What tokens say of themselves. */
export interface TokenIdentity {
  /** Who gives them. */
  issuer: string;
  /** The registry that they are for. */
  service: string;
}

/** How to check tokens. */
export interface TokenCheckOptions extends TokenIdentity {
  /** The keys of who gives them, or the URL where the keys are. No key of a token itself is believed. */
  keys: readonly TokenKey[] | URL;
  /** The algorithms that may have been used. Default: those that the keys name; ES256 and RS256 for keys at a URL. */
  algorithms?: readonly string[] | undefined;
}

/** How to give tokens. */
export interface TokenServerOptions extends TokenIdentity {
  /** The key that signs them, a private one. */
  key: TokenKey;
  /** Tells who has a name and a password; undefined where they are wrong. */
  authenticate: (credentials: GivenCredentials, request: Request) => Promise<Visitor | undefined>;
  /** Whether somebody may do something; `visitor` is undefined for those who have not logged in. */
  allow: (visitor: Visitor | undefined, access: Access) => boolean | Promise<boolean>;
  /** How long a token is good for, in seconds. Default: 300. */
  lifetime?: number | undefined;
}

/** How far the clocks of two machines may be apart, in seconds. */
const leeway = 30;
/** The most bytes of a form in which a token is asked for. */
const formLimit = 16_384;

/**
 * Checks bearer tokens, for the `authenticate` of `protect`: algorithm, signature, issuer, audience and times.
 *
 * @example
 * ```ts
 * import { tokenCheck } from "@gantry/oci/server/tokens";
 *
 * const secret = crypto.getRandomValues(new Uint8Array(32));
 * const check = tokenCheck({ issuer: "auth.test", service: "registry.test", keys: [secret] });
 * console.log(await check({ token: "made.up.token" })); // undefined
 * ```
 */
export function tokenCheck(
  { issuer, service, keys, algorithms }: TokenCheckOptions,
): (credentials: GivenCredentials) => Promise<Visitor | undefined> {
  const found = keys instanceof URL
    ? [{ key: createRemoteJWKSet(keys), algorithms: algorithms ?? ["ES256", "RS256"] }]
    : keys.map((key) => ({ key: imported(key), algorithms: algorithms ?? [algorithmOf(key)] }));
  return async ({ token }) => {
    if (token === undefined) return undefined;
    for (const { key, algorithms } of found) {
      const options = { issuer, audience: service, algorithms: [...algorithms], clockTolerance: leeway };
      const verified =
        await ("then" in key ? jwtVerify(token, await key, options) : jwtVerify(token, key, options)).catch(
          () => undefined,
        );
      const visitor = verified && visitorOf(verified.payload);
      if (visitor) return visitor;
    }
    return undefined;
  };
}

/**
 * A token server, as Docker's registry has it: it answers GET with a name and password in the header, and OAuth2's POST. A
 * token allows the part of what was asked for that its bearer may do.
 *
 * @example A registry with its own token server
 * ```ts
 * import { memory } from "@gantry/oci/content";
 * import { allowByRules, isGranted, protect, server } from "@gantry/oci/server";
 * import { tokenCheck, tokenServer } from "@gantry/oci/server/tokens";
 *
 * const identity = { issuer: "registry.test", service: "registry.test" };
 * const key = crypto.getRandomValues(new Uint8Array(32));
 * const tokens = tokenServer({
 *   ...identity,
 *   key,
 *   authenticate: () => Promise.resolve(undefined),
 *   allow: allowByRules([{ actions: ["pull"] }]),
 * });
 * const target = memory();
 * const registry = protect(server({ repositories: () => target }), {
 *   authenticate: tokenCheck({ ...identity, keys: [key] }),
 *   allow: (visitor, access) => access.actions.every((action) => isGranted(visitor, access, action)),
 *   challenge: { scheme: "bearer", realm: "https://registry.test/token", service: "registry.test" },
 * });
 * const asked = await tokens(new Request("https://registry.test/token?scope=repository:app:pull"));
 * const { token } = await asked.json();
 * const request = new Request("https://registry.test/v2/app/tags/list", {
 *   headers: { authorization: `Bearer ${token}` },
 * });
 * console.log((await registry(request)).status); // 200
 * ```
 */
export function tokenServer(options: TokenServerOptions): Handler {
  return async (request) => {
    const asked = await readRequest(request);
    if (asked === "unsupported") return json({ error: "unsupported_grant_type" }, 400);
    const { credentials, scopes } = asked;
    const visitor = credentials && await options.authenticate(credentials, request);
    if (credentials && !visitor) {
      const headers = { "www-authenticate": `Basic realm="${options.service}"` };
      return json({ errors: [{ code: "UNAUTHORIZED", message: "the credentials are wrong" }] }, 401, headers);
    }
    const access = await granted(options, visitor, scopes);
    const lifetime = options.lifetime ?? 300;
    const token = await sign(options, visitor, access, lifetime);
    // Docker wants the first name, OAuth2 the second.
    const answer = { token, access_token: token, expires_in: lifetime, issued_at: new Date().toISOString() };
    return json(answer, 200, { "cache-control": "no-store" });
  };
}

interface Asked {
  credentials: GivenCredentials | undefined;
  scopes: string[];
}

async function readRequest(request: Request): Promise<Asked | "unsupported"> {
  if (request.method !== "POST") {
    const header = request.headers.get("authorization");
    const { searchParams } = new URL(request.url);
    return {
      // What cannot be read is not right.
      credentials: header === null ? undefined : readCredentials(header) ?? { username: "", password: "" },
      scopes: scopesIn(searchParams),
    };
  }
  const body = request.body as ReadableStream<Uint8Array<ArrayBuffer>> | null;
  const bytes = body ? await readAll(body, { limit: formLimit, what: "form" }) : new Uint8Array();
  const form = new URLSearchParams(new TextDecoder().decode(bytes));
  if (form.get("grant_type") !== "password") return "unsupported";
  return {
    credentials: { username: form.get("username") ?? "", password: form.get("password") ?? "" },
    scopes: scopesIn(form),
  };
}

/** Clients repeat the parameter, or put spaces between scopes. */
function scopesIn(parameters: URLSearchParams): string[] {
  return parameters.getAll("scope").flatMap((scopes) => scopes.split(" ")).filter((scope) => scope !== "");
}

/** The part of what was asked for that is allowed. */
async function granted(
  { allow }: TokenServerOptions,
  visitor: Visitor | undefined,
  scopes: readonly string[],
): Promise<Access[]> {
  const access: Access[] = [];
  for (const one of scopes.flatMap((scope) => parseScope(scope) ?? [])) {
    const actions: string[] = [];
    for (const action of one.actions) {
      if (await allow(visitor, { ...one, actions: [action] })) actions.push(action);
    }
    if (actions.length > 0) access.push({ ...one, actions });
  }
  return access;
}

async function sign(
  { issuer, service, key }: TokenServerOptions,
  visitor: Visitor | undefined,
  access: readonly Access[],
  lifetime: number,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const kid = key instanceof Uint8Array ? undefined : key.kid;
  return await new SignJWT({ access })
    .setProtectedHeader({ typ: "JWT", alg: algorithmOf(key), ...(kid !== undefined && { kid }) })
    .setIssuer(issuer).setAudience(service).setSubject(visitor?.name ?? "")
    .setIssuedAt(now).setNotBefore(now).setExpirationTime(now + lifetime)
    .setJti(crypto.randomUUID())
    .sign(await imported(key));
}

function algorithmOf(key: TokenKey): string {
  const algorithm = key instanceof Uint8Array ? "HS256" : key.alg;
  if (algorithm !== undefined) return algorithm;
  throw new TypeError('A JSON Web Key for tokens must name its algorithm in "alg"');
}

async function imported(key: TokenKey): Promise<CryptoKey | Uint8Array> {
  return key instanceof Uint8Array ? key : await importJWK(key as JWK, algorithmOf(key));
}

/** Who a token is for, and what it allows. */
function visitorOf({ sub, access }: { sub?: string; access?: unknown }): Visitor {
  const list = Array.isArray(access) ? access : [];
  return {
    name: sub ?? "",
    access: list.filter((one): one is Access =>
      typeof one?.type === "string" && typeof one.name === "string" && Array.isArray(one.actions)
    ),
  };
}
