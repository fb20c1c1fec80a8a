import type { Access } from "./access.ts";
import type { Visitor } from "./protect.ts";
import { globSource } from "../../spec/glob.ts";

/** Who may do what in which repositories. */
export interface AccessRule {
  /** Repositories: a name, in which `*` stands for part of a segment and `**` for anything. Default: all. */
  repositories?: string | readonly string[] | undefined;
  /** Who: names; `*` for all who have logged in. Default: everybody. */
  users?: readonly string[] | undefined;
  /** What: `pull`, `push`, `delete`, `catalog`; `push` means that pulling is allowed too. */
  actions: readonly string[];
}

/**
 * Allows what one of the rules allows, for the `allow` of {@link protect}; what a token allows is allowed as well.
 *
 * @example
 * ```ts
 * import { allowByRules } from "@gantry/oci/server";
 *
 * const allow = allowByRules([
 *   { actions: ["pull"] },
 *   { repositories: "acme/**", users: ["ci"], actions: ["push", "delete"] },
 * ]);
 * console.log(allow({ name: "ci" }, { type: "repository", name: "acme/app", actions: ["pull", "push"] })); // true
 * ```
 */
export function allowByRules(
  rules: readonly AccessRule[],
): (visitor: Visitor | undefined, access: Access) => boolean {
  const prepared = rules.map(prepare);
  return (visitor, access) =>
    access.actions.every((action) =>
      isGranted(visitor, access, action) || prepared.some((rule) => rule(visitor, access, action))
    );
}

/** Whether a token allows it. */
export function isGranted(visitor: Visitor | undefined, { type, name }: Access, action: string): boolean {
  return visitor?.access?.some((one) =>
    one.type === type && one.name === name && (one.actions.includes(action) || one.actions.includes("*"))
  ) ?? false;
}

/** Whether a name is like one of these, in which `*` stands for part of a segment and `**` for anything. */
export function matcherOf(names: string | readonly string[]): (name: string) => boolean {
  const patterns = [names].flat().map(patternOf);
  return (name) => patterns.some((pattern) => pattern.test(name));
}

type PreparedRule = (visitor: Visitor | undefined, access: Access, action: string) => boolean;

function prepare({ repositories = "**", users, actions }: AccessRule): PreparedRule {
  const matches = matcherOf(repositories);
  const allowed = new Set(actions.flatMap((action) => action === "push" ? ["push", "pull"] : action));
  return (visitor, { type, name }, action) => {
    if (users && !(visitor && (users.includes("*") || users.includes(visitor.name)))) return false;
    // A token for some repositories says nothing of others that its name might have.
    if (visitor?.access && users) return false;
    if (type === "registry") return name === "catalog" && allowed.has("catalog");
    return allowed.has(action) && matches(name);
  };
}

function patternOf(text: string): RegExp {
  return new RegExp(`^${globSource(text, { "**": ".*", "*": "[^/]*" })}$`);
}
