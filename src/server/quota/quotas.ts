import type { Target } from "../../content/contracts.ts";
import { matcherOf } from "../auth/rules.ts";
import { targetMethod } from "../target_method.ts";
import { Account, type Quota } from "./account.ts";
import { counted } from "./counted.ts";

/** What each of some repositories may hold. */
export interface QuotaRule extends Quota {
  /** Repositories: names, in which `*` stands for part of a segment and `**` for anything. Default: all. */
  readonly repositories?: string | readonly string[] | undefined;
}

/** Of how many repositories the count is remembered. */
const mostAccounts = 10_000;

/**
 * Bounds what repositories hold: what would be too much is answered 403, `DENIED`, which clients show and do not try again.
 * The first rule counts that a repository's name matches. What a repository has is counted when it is first written to, and
 * followed from then on; what other processes do is noticed within a minute.
 *
 * @param now The time in milliseconds, which never goes back. Default: `performance.now`.
 * @returns Puts the quota of a repository, by its name, in front of it.
 *
 * @example
 * ```ts
 * import { memory } from "@gantry/oci/content";
 * import { quotas, server } from "@gantry/oci/server";
 *
 * const target = memory();
 * const limited = quotas([{ repositories: "acme/**", bytes: 10 * 2 ** 30, tags: 1000 }]);
 * const registry = server({ repositories: (name) => limited(name, target) });
 * console.log((await registry(new Request("http://localhost/v2/"))).status); // 200
 * ```
 */
export function quotas(
  rules: readonly QuotaRule[],
  now: () => number = () => performance.now(),
): (repository: string, target: Target) => Target {
  const prepared = rules.map((rule) => ({ rule, matches: matcherOf(rule.repositories ?? "**") }));
  /** Those that were asked for last are last. */
  const accounts = new Map<string, Account>();
  return (repository, target) => {
    const rule = prepared.find(({ matches }) => matches(repository))?.rule;
    if (!rule) return target;
    const count = () => targetMethod(target, "usage", "tell how much it holds, which its quota needs")();
    const account = accounts.get(repository) ?? new Account(repository, rule, count, now);
    accounts.delete(repository);
    accounts.set(repository, account);
    for (const [name, one] of accounts) {
      if (accounts.size <= mostAccounts) break;
      if (one.isIdle && one !== account) accounts.delete(name);
    }
    return counted(target, account);
  };
}
