import type { CredentialsProvider } from "../content/credentials.ts";
import { Once } from "../content/once.ts";
import { GantryError } from "../errors.ts";
import { isListed, sameSite } from "../http/hosts.ts";
import type { HttpResponse } from "../http/response.ts";
import { redact } from "../http/redact.ts";
import { follow } from "../http/url.ts";
import { chooseChallenge } from "./challenge.ts";
import { type Account, CredentialsCache } from "./credentials_cache.ts";
import type { SendRequest } from "./request.ts";
import { mergeScopes } from "./scope.ts";
import { basicAuthorization, fetchToken, type Token } from "./token.ts";

/** How a host wants requests to be authorised. */
type Scheme = { scheme: "basic" } | Bearer;
type Bearer = { scheme: "bearer"; realm: URL; service: string | undefined };

/** How a request is authorised. */
export interface Authorization {
  /** The `Authorization` header; undefined where there are no credentials. */
  readonly header: string | undefined;
  readonly account: Account;
  /** The token in it, where it was fetched for an earlier request and may be too old. */
  readonly reused?: { key: string; token: Once<Token> } | undefined;
}

/** What {@link Auth} needs of the client. */
export interface AuthContext {
  /** The registry, as the user names it. */
  registry: string;
  /** Any address of the host. */
  origin: URL;
  credentials: CredentialsProvider | undefined;
  trustedRealms: readonly string[];
  /** The most bytes of a token server's response that are read. */
  responseLimit: number;
  send: SendRequest;
  now(): number;
}

/** The authorisation at one host: what the host asks for, and the tokens that it takes. */
export class Auth {
  readonly #context: AuthContext;
  readonly #credentials: CredentialsCache;
  /** What the host has asked for; undefined as long as it has not. */
  #scheme: Scheme | undefined;
  /** What `/v2/` answers. */
  readonly #ping: Once<HttpResponse>;
  /** The scopes that requests turned out to need, where a challenge named more than they did. */
  readonly #widened = new Map<string, string[]>();
  /** The token server that got no credentials, because it is not trusted. */
  #untrusted: string | undefined;

  constructor(context: AuthContext) {
    this.#context = context;
    this.#credentials = new CredentialsCache(context.registry, context.credentials);
    this.#ping = new Once(async (signal) => {
      const response = await context.send({
        what: this.#what,
        method: "GET",
        to: new URL("/v2/", context.origin),
        scopes: [],
        login: true,
        signal,
      });
      await response.discard();
      return response;
    });
  }

  get #what(): string {
    return `log in to ${this.#context.registry}`;
  }

  /** What to send along with a request; nothing before the host has asked for it. */
  async authorize(scopes: readonly string[], signal?: AbortSignal): Promise<Authorization | undefined> {
    const scheme = this.#scheme;
    if (!scheme) return undefined;
    const account = await this.#credentials.get(scopes, signal);
    const { credentials } = account;
    if (credentials && "registryToken" in credentials) {
      return { header: `Bearer ${credentials.registryToken}`, account };
    }
    if (scheme.scheme === "basic") return { header: basicAuthorization(credentials), account };
    const wanted = this.#wanted(scopes);
    const key = [scheme.realm.href, scheme.service, ...wanted].join(" ");
    const { tokens } = account;
    const held = tokens.get(key);
    const old = await held?.get(signal);
    if (held && old && old.expires > this.#context.now()) {
      return { header: `Bearer ${old.token}`, account, reused: { key, token: held } };
    }
    // Another request may have put a new one there meanwhile.
    if (tokens.get(key) === held) tokens.set(key, this.#fetch(scheme, wanted, account));
    const { token } = await tokens.get(key)!.get(signal);
    return { header: `Bearer ${token}`, account };
  }

  /** Learns from a response that refuses a request. Tells whether the request may succeed now. */
  async learn(
    response: HttpResponse,
    scopes: readonly string[],
    authorization: Authorization | undefined,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const challenge = chooseChallenge(response.headers.get("www-authenticate"));
    if (response.status !== 401 && challenge?.params.get("error") !== "insufficient_scope") {
      // Some answer 400 or 403 to a token that has expired: https://github.com/aws/containers-roadmap/issues/2835
      return this.#dropReused(authorization);
    }
    if (!challenge) {
      return this.#dropReused(authorization) || await this.#learnByPing(scopes, authorization, signal);
    }
    if (challenge.scheme === "basic") {
      this.#scheme = { scheme: "basic" };
      // The provider may have others by now.
      if (authorization) this.#credentials.forget(authorization.account);
      const header = (await this.authorize(scopes, signal))?.header;
      return header !== undefined && header !== authorization?.header;
    }
    const before = this.#scheme;
    const scheme = this.#scheme = this.#bearer(challenge.params, response.url);
    const moved = before?.scheme !== "bearer" || before.realm.href !== scheme.realm.href ||
      before.service !== scheme.service;
    const widened = this.#widen(scopes, challenge.params.get("scope") ?? "");
    // Without authorisation: while this request was under way, another one has learned what the host asks for.
    return this.#dropReused(authorization) || widened || moved || !authorization;
  }

  /** The token for these scopes; undefined where the host has not asked for any. */
  async token(scopes: readonly string[], signal?: AbortSignal): Promise<Token | undefined> {
    const scheme = this.#scheme;
    if (scheme?.scheme !== "bearer") return undefined;
    return await this.#fetch(scheme, this.#wanted(scopes), await this.#credentials.get(scopes, signal)).get(
      signal,
    );
  }

  /** What an error should add about the credentials of a request that was refused. */
  async note(
    { headers }: HttpResponse,
    scopes: readonly string[],
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    const note = this.#note(await this.#credentials.get(scopes, signal).catch(() => undefined));
    const scope = chooseChallenge(headers.get("www-authenticate"))?.params.get("scope");
    return note ?? (scope === undefined ? undefined : `these credentials do not allow ${redact(scope)}`);
  }

  #note(account: Account | undefined): string | undefined {
    const { registry } = this.#context;
    if (this.#untrusted !== undefined) {
      return `the credentials for ${registry} were kept from ${this.#untrusted}, which is not a trusted realm`;
    }
    return account?.credentials ? undefined : `no credentials for ${registry}`;
  }

  /** Google's registries say only at `/v2/` what they want: https://github.com/containers/image/issues/211 */
  async #learnByPing(
    scopes: readonly string[],
    authorization: Authorization | undefined,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const response = await this.#ping.get(signal);
    const challenged = response.status === 401 && chooseChallenge(response.headers.get("www-authenticate"));
    return challenged ? await this.learn(response, scopes, authorization, signal) : false;
  }

  #bearer(params: Map<string, string>, from: URL): Bearer {
    const realm = params.get("realm");
    if (realm === undefined) {
      throw new GantryError("invalid-document", `${this.#what}: the challenge names no realm`);
    }
    return {
      scheme: "bearer",
      realm: follow(from, realm, this.#what, this.#context.trustedRealms),
      service: params.get("service"),
    };
  }

  #wanted(scopes: readonly string[]): string[] {
    return this.#widened.get(scopes.join(" ")) ?? mergeScopes(scopes);
  }

  /** Adds the scopes of a challenge to those that a request asks for. Tells whether that changed them. */
  #widen(scopes: readonly string[], challenged: string): boolean {
    const wanted = this.#wanted(scopes);
    const asked = challenged.split(" ").filter((scope) => scope !== "");
    // What was missing comes first: some servers read no further.
    const wider = mergeScopes([...asked, ...wanted]);
    if (wider.join(" ") === wanted.join(" ")) return false;
    this.#widened.set(scopes.join(" "), wider);
    return true;
  }

  /** Drops a token that was fetched for an earlier request. Tells whether there was one: a new one may do better. */
  #dropReused(authorization: Authorization | undefined): boolean {
    if (!authorization?.reused) return false;
    const { account: { tokens }, reused: { key, token } } = authorization;
    if (tokens.get(key) === token) tokens.delete(key);
    return true;
  }

  #fetch({ realm, service }: Bearer, scopes: readonly string[], account: Account): Once<Token> {
    const { send, responseLimit: limit, now } = this.#context;
    return new Once(async (signal) => {
      const credentials = this.#trusts(realm) ? account.credentials : undefined;
      const note = this.#note(account);
      try {
        const request = { what: this.#what, realm, service, scopes, credentials, note };
        const token = await fetchToken(send, request, { limit, now, signal });
        if (token.refresh !== undefined && credentials && "identityToken" in credentials) {
          account.credentials = { identityToken: token.refresh };
        }
        return token;
      } catch (error) {
        // The provider may have others for the next request.
        if (GantryError.is(error, "unauthorized")) this.#credentials.forget(account);
        throw error;
      }
    });
  }

  /** Whether a token server may see the credentials. */
  #trusts(realm: URL): boolean {
    const { registry, trustedRealms } = this.#context;
    const { hostname } = new URL(`https://${registry}`);
    const trusted = sameSite(realm.hostname, hostname) || isListed(realm, trustedRealms);
    this.#untrusted = trusted ? undefined : realm.host;
    return trusted;
  }
}
