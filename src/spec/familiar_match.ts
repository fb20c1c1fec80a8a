/**
 * Patterns for image references.
 *
 * @module
 */

import { GantryError } from "../errors.ts";
import { familiarName, type Reference } from "./reference.ts";

/**
 * Whether a reference as Docker's users write it, with or without its tag and digest, matches a pattern: `*` stands for
 * anything but a slash, `?` for one character, `[a-z]` and `[^a-z]` for one of several, `\` takes what follows as it is.
 *
 * @throws {GantryError} `invalid-name` for a broken pattern.
 *
 * @example
 * ```ts
 * import { familiarMatch, parseReference } from "@gantry/oci/spec";
 *
 * familiarMatch("alp*", parseReference("docker.io/library/alpine:3.20")); // true
 * ```
 */
export function familiarMatch(pattern: string, reference: Reference): boolean {
  const steps = compile(pattern);
  const { registry, repository } = reference;
  return matches(steps, familiarName(reference)) || matches(steps, familiarName({ registry, repository }));
}

/** A star, or one character. */
type Step = "*" | RegExp;

function compile(pattern: string): Step[] {
  const steps: Step[] = [];
  const token = /\*|\?|\\(.)|\[(\^?)((?:\\.|[^\]\\])+)\]|([^\\[])/gsuy;
  while (token.lastIndex < pattern.length) {
    const match = token.exec(pattern);
    if (!match) throw bad(pattern);
    const [all, escaped, not, set, plain] = match;
    if (all === "*") steps.push("*");
    else if (all === "?") steps.push(/^[^/]$/su);
    else if (set !== undefined) steps.push(characters(set, not === "^", pattern));
    else steps.push(new RegExp(`^${quote(escaped ?? plain!)}$`, "su"));
  }
  return steps;
}

function characters(set: string, not: boolean, pattern: string): RegExp {
  const body = set.replace(
    /\\(.)|([^-])/gsu,
    (_, escaped?: string, plain?: string) => quote(escaped ?? plain!),
  );
  try {
    return new RegExp(`^${not ? "(?!/)" : ""}[${not ? "^" : ""}${body}]$`, "su");
  } catch {
    throw bad(pattern);
  }
}

function quote(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

/** Goes back to the last star only, as one star can take what any earlier one could have taken. */
function matches(steps: readonly Step[], name: string): boolean {
  const characters = [...name];
  let step = 0;
  let star = -1;
  let taken = 0;
  for (let at = 0; at < characters.length;) {
    const current = steps[step];
    if (current === "*") {
      star = step++;
      taken = at;
    } else if (current?.test(characters[at]!)) {
      step++;
      at++;
    } else if (star >= 0 && characters[taken] !== "/") {
      step = star + 1;
      at = ++taken;
    } else return false;
  }
  return steps.slice(step).every((left) => left === "*");
}

function bad(pattern: string): GantryError {
  return new GantryError("invalid-name", `match ${JSON.stringify(pattern)}: broken pattern`);
}
