import type { Options, Source } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { hexOf } from "../spec/digest.ts";
import { parseJson } from "../spec/json.ts";
import type { ImageVerifier, Verdict } from "./verifier.ts";

/** What may be pulled. What no rule is about may not. */
export interface ImagePolicy {
  /** The first rule whose prefix an image's name has decides. */
  readonly rules: readonly PolicyRule[];
}

/** What may be pulled of one registry, or of part of it. */
export interface PolicyRule {
  /** A registry, and as much of a repository's name as is meant, in whole parts: `ghcr.io`, `ghcr.io/acme`. */
  readonly prefix: string;
  /**
   * Types of artifacts of which an image must have one each, or what begins so. It is not looked what is in them.
   * Default: none.
   */
  readonly require?: readonly string[] | undefined;
}

/** The type of cosign's signatures, which older versions keep at a tag in place of a referrer. */
const cosignType = "application/vnd.dev.cosign.artifact.sig.v1+json";

/**
 * Checks what a policy file says: `{ "rules": [{ "prefix": "ghcr.io/acme", "require": ["application/…"] }] }`.
 *
 * @param what The file's name, for messages.
 * @throws {GantryError} `invalid-document`.
 *
 * @example
 * ```ts
 * import { parsePolicy } from "@gantry/oci/store";
 *
 * const text = `{ "rules": [{ "prefix": "ghcr.io/acme" }] }`;
 * console.log(parsePolicy(new TextEncoder().encode(text), "policy").rules.length); // 1
 * ```
 */
export function parsePolicy(bytes: Uint8Array, what: string): ImagePolicy {
  const invalid = (problem: string) => new GantryError("invalid-document", `parse ${what}: ${problem}`);
  const policy = parseJson(bytes, what) as { rules?: unknown } | null;
  const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
  if (!Array.isArray(policy?.rules)) throw invalid('no "rules"');
  for (const [i, rule] of (policy.rules as (Partial<PolicyRule> | null)[]).entries()) {
    if (!isText(rule?.prefix)) throw invalid(`rule ${i} has no "prefix"`);
    const { require = [], ...rest } = rule;
    if (!Array.isArray(require) || !require.every(isText)) {
      throw invalid(`"require" of rule ${i} is no list of types`);
    }
    // A rule that is misspelt would allow what it was to forbid.
    const unknown = Object.keys(rest).find((key) => key !== "prefix");
    if (unknown !== undefined) throw invalid(`rule ${i} has ${JSON.stringify(unknown)}, which means nothing`);
  }
  return policy as ImagePolicy;
}

/** A verifier that goes by a policy. */
export function policyVerifier({ rules }: ImagePolicy): ImageVerifier {
  return async ({ name, descriptor, source }, options) => {
    const rule = rules.find(({ prefix }) => name === prefix || startsWithParts(name, prefix));
    if (!rule) return refused("no rule of the policy allows it");
    for (const type of rule.require ?? []) {
      if (await hasArtifact(source, descriptor, type, options)) continue;
      return refused(`it has no artifact of type ${type}, which the policy wants of ${rule.prefix}`);
    }
    return { ok: true, reason: `the policy allows ${rule.prefix}` };
  };
}

function refused(reason: string): Verdict {
  return { ok: false, reason };
}

/** Whether a name goes on after the prefix with a part, a tag or a digest of its own. */
function startsWithParts(name: string, prefix: string): boolean {
  const start = prefix.replace(/\/$/, "");
  const next = name.charAt(start.length);
  const isPort = next === ":" && !start.includes("/");
  return name.startsWith(start) && "/:@".includes(next || " ") && !isPort;
}

async function hasArtifact(
  source: Source,
  subject: Descriptor,
  type: string,
  options: Options,
): Promise<boolean> {
  for await (const { artifactType } of source.referrers?.(subject, options) ?? []) {
    if (artifactType?.startsWith(type)) return true;
  }
  return type === cosignType && await hasTag(source, `sha256-${hexOf(subject.digest)}.sig`, options);
}

async function hasTag(source: Source, tag: string, options: Options): Promise<boolean> {
  try {
    await source.resolve(tag, options);
    return true;
  } catch (error) {
    if (GantryError.is(error, "not-found")) return false;
    throw error; // a registry that fails must not pass for one without signatures
  }
}
