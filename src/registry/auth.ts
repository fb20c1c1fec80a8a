import { Once } from "../content/once.ts";
import { GantryError } from "../errors.ts";
import type { Answer } from "../http/response.ts";
import { chooseChallenge } from "./challenge.ts";
import { follow } from "../http/url.ts";
import { isListed, sameSite } from "../http/hosts.ts";
import type { CredentialsProvider } from "../content/credentials.ts";
import { type Account, CredentialsCache } from "./credentials_cache.ts";
import { mergeScopes } from "./scope.ts";
import { basic, type Token, type TokenRequest } from "./token.ts";

/** The way in that a host asked for. */
type Login = { scheme: "basic" } | Bearer;
type Bearer = { scheme: "bearer"; realm: URL; service: string | undefined };

/** An `Authorization` header, and where it came from. */
export interface Ticket {
  /** Nothing where there are no credentials. */
  readonly header: string | undefined;
  readonly account: Account;
  /** The token in it, where it was fetched for an earlier request and may be too old. */
  readonly reused?: { key: string; once: Once<Token> } | undefined;
}

/** What {@link Auth} needs of the client. */
export interface AuthContext {
  credentials: CredentialsProvider | undefined;
  trustedRealms: readonly string[];
  /** Asks the host's `/v2/` without a ticket, for its challenge. */
  ping(signal: AbortSignal | undefined): Promise<Answer>;
  token(request: TokenRequest, signal: AbortSignal): Promise<Token>;
  now(): number;
}

/** The authorisation at one host: what it asks for, and the tokens it takes. */
export class Auth {
  readonly #host: string;
  readonly #context: AuthContext;
  #login: Login | undefined;
  readonly #credentials: CredentialsCache;
  /** What `/v2/` answers. */
  readonly #pinged: Once<Answer>;
  #mistrusted: string | undefined;
  /** What scopes turned out to need, where a challenge named more. */
  readonly #wider = new Map<string, string[]>();

  constructor(host: string, context: AuthContext) {
    this.#host = host;
    this.#context = context;
    this.#credentials = new CredentialsCache(host, context.credentials);
    this.#pinged = new Once(async (signal) => {
      const answer = await context.ping(signal);
      await answer.discard();
      return answer;
    });
  }

  /** What to send along; nothing before the host has asked for it. */
  async ticket(scopes: readonly string[], signal?: AbortSignal): Promise<Ticket | undefined> {
    const login = this.#login;
    if (!login) return undefined;
    const account = await this.#credentials.get(scopes, signal);
    const { credentials, tokens } = account;
    if (credentials && "registryToken" in credentials) {
      return { header: `Bearer ${credentials.registryToken}`, account };
    }
    if (login.scheme === "basic") return { header: basic(credentials), account };
    const wanted = this.#wider.get(scopes.join(" ")) ?? mergeScopes(scopes);
    const key = [login.realm.href, login.service, ...wanted].join(" ");
    const held = tokens.get(key);
    const old = await held?.get(signal);
    if (held && old && old.expires > this.#context.now()) {
      return { header: `Bearer ${old.token}`, account, reused: { key, once: held } };
    }
    if (tokens.get(key) === held) tokens.set(key, this.#fetch(login, wanted, account));
    const { token } = await tokens.get(key)!.get(signal);
    return { header: `Bearer ${token}`, account };
  }

  /** Learns from a refusal. Whether the request may do better now. */
  async learn(
    answer: Answer,
    scopes: readonly string[],
    ticket: Ticket | undefined,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const challenge = chooseChallenge(answer.headers.get("www-authenticate"));
    if (answer.status !== 401 && challenge?.params.get("error") !== "insufficient_scope") {
      // Some answer 400 or 403 to a token that has expired: https://github.com/aws/containers-roadmap/issues/2835
      return this.#forget(ticket);
    }
    if (!challenge) return this.#forget(ticket) || await this.#ping(scopes, ticket, signal);
    if (challenge.scheme === "basic") {
      this.#login = { scheme: "basic" };
      // They may be old, or have come only now.
      if (ticket) this.#credentials.forget(ticket.account);
      const header = (await this.ticket(scopes, signal))?.header;
      return header !== undefined && header !== ticket?.header;
    }
    const before = this.#login;
    const login = this.#login = this.#bearer(challenge.params, answer.url);
    const moved = before?.scheme !== "bearer" || before.realm.href !== login.realm.href ||
      before.service !== login.service;
    const asked = (challenge.params.get("scope") ?? "").split(" ").filter((scope) => scope !== "");
    const key = scopes.join(" ");
    const wanted = this.#wider.get(key) ?? mergeScopes(scopes);
    // What was missing stands first: some servers read no further.
    const wider = mergeScopes([...asked, ...wanted]);
    const more = [...wider].sort().join(" ") !== [...wanted].sort().join(" ");
    if (more) this.#wider.set(key, wider);
    // Without a ticket: another request that was refused at the same time has logged in since this one was sent.
    return this.#forget(ticket) || more || moved || !ticket;
  }

  /** What an error should add about credentials. */
  async note(scopes: readonly string[], signal?: AbortSignal): Promise<string | undefined> {
    return this.#note(await this.#credentials.get(scopes, signal).catch(() => undefined));
  }

  #note(account: Account | undefined): string | undefined {
    if (this.#mistrusted !== undefined) {
      return `the credentials for ${this.#host} were kept from ${this.#mistrusted}, which is not a trusted realm`;
    }
    return account?.credentials ? undefined : `no credentials for ${this.#host}`;
  }

  async #ping(scopes: readonly string[], ticket: Ticket | undefined, signal?: AbortSignal): Promise<boolean> {
    // Google's registries say only there what they want: https://github.com/containers/image/issues/211
    const answer = await this.#pinged.get(signal);
    const challenged = answer.status === 401 && chooseChallenge(answer.headers.get("www-authenticate"));
    return challenged ? await this.learn(answer, scopes, ticket, signal) : false;
  }

  #bearer(params: Map<string, string>, from: URL): Bearer {
    const realm = params.get("realm");
    const what = `log in to ${this.#host}`;
    if (realm === undefined) {
      throw new GantryError("invalid-document", `${what}: the challenge names no realm`);
    }
    return {
      scheme: "bearer",
      realm: follow(from, realm, what, this.#context.trustedRealms),
      service: params.get("service"),
    };
  }

  /** Drops a token that was fetched earlier. Whether there was one: a new one may do better. */
  #forget(ticket: Ticket | undefined): boolean {
    if (!ticket?.reused) return false;
    const { account: { tokens }, reused: { key, once } } = ticket;
    if (tokens.get(key) === once) tokens.delete(key);
    return true;
  }

  #fetch({ realm, service }: Bearer, scopes: readonly string[], account: Account): Once<Token> {
    return new Once(async (signal) => {
      const credentials = this.#trusts(realm) ? account.credentials : undefined;
      const note = this.#note(account);
      try {
        const token = await this.#context.token({ realm, service, scopes, credentials, note }, signal);
        if (token.refresh !== undefined && credentials && "identityToken" in credentials) {
          account.credentials = { identityToken: token.refresh };
        }
        return token;
      } catch (error) {
        // They may be old; whoever asks next gets them anew.
        if (GantryError.is(error, "unauthorized")) this.#credentials.forget(account);
        throw error;
      }
    });
  }

  #trusts(realm: URL): boolean {
    const hostname = new URL(`https://${this.#host}`).hostname;
    const trusted = sameSite(realm.hostname, hostname) || isListed(realm, this.#context.trustedRealms);
    this.#mistrusted = trusted ? undefined : realm.host;
    return trusted;
  }
}
