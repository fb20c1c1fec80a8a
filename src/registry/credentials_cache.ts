import type { Credentials, CredentialsProvider } from "../content/credentials.ts";
import { Once } from "../content/once.ts";
import type { Token } from "./token.ts";

/** Credentials, and what a host gave for them. */
export interface Account {
  /** What logs in now: an identity token is replaced by the one that comes with each token. */
  credentials: Credentials | undefined;
  /**
   * Tokens by what they were asked for. Bounded by the repositories that a program touches, each with two or three kinds
   * of access.
   */
  readonly tokens: Map<string, Once<Token>>;
  /** The requests for which the provider gave these credentials. */
  readonly requests: Set<string>;
}

/**
 * The credentials for one registry. The provider is asked once for each repository and set of actions. Equal credentials are
 * one account, so that repositories share tokens exactly where they share credentials.
 */
export class CredentialsCache {
  readonly #registry: string;
  readonly #provider: CredentialsProvider | undefined;
  readonly #asked = new Map<string, Once<Account>>();
  readonly #accounts = new Map<string, Account>();

  constructor(registry: string, provider: CredentialsProvider | undefined) {
    this.#registry = registry;
    this.#provider = provider;
  }

  /** The account for a request with these scopes. */
  get(scopes: readonly string[], signal?: AbortSignal): Promise<Account> {
    const asked = requestedBy(scopes);
    const key = JSON.stringify(asked);
    let once = this.#asked.get(key);
    if (!once) {
      once = new Once(async () => {
        const account = this.#accountOf(await this.#provider?.({ registry: this.#registry, ...asked }));
        account.requests.add(key);
        return account;
      });
      this.#asked.set(key, once);
    }
    return once.get(signal);
  }

  /** Forgets credentials that were refused, with their tokens. Whoever asks next gets them anew from the provider. */
  forget(account: Account): void {
    for (const key of account.requests) this.#asked.delete(key);
    // An account that is forgotten a second time must not take its successor away.
    account.requests.clear();
    for (const [identity, known] of this.#accounts) {
      if (known === account) this.#accounts.delete(identity);
    }
  }

  #accountOf(credentials: Credentials | undefined): Account {
    const identity = identityOf(credentials);
    const account = this.#accounts.get(identity) ?? { credentials, tokens: new Map(), requests: new Set() };
    this.#accounts.set(identity, account);
    return account;
  }
}

/** What the first scope asks for; that of a mount is about the repository that is written. */
function requestedBy([scope = ""]: readonly string[]): { repository: string | undefined; actions: string[] } {
  const [, type, name, actions = ""] = /^([^:]*):(.*):([^:]*)$/.exec(scope) ?? [];
  return {
    repository: type === "repository" ? name : undefined,
    actions: actions.split(",").filter((action) => action !== "").sort(),
  };
}

/** Equal for equal credentials, and for no others. */
function identityOf(credentials: Credentials | undefined): string {
  const { username, password, registryToken, identityToken } = (credentials ?? {}) as Record<string, string>;
  return JSON.stringify([username, password, registryToken, identityToken]);
}
