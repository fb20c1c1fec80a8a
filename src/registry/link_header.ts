import { GantryError } from "../errors.ts";
import { redact } from "../http/redact.ts";

/**
 * Finds `rel="next"` in a `Link` header (RFC 8288) and resolves it. A link to another origin is refused: following it
 * would send our token there, or requests into our own network.
 */
export function nextPage(header: string | null, base: URL, what: string): URL | undefined {
  const target = header === null ? undefined : findLink(header, "next", what);
  if (target === undefined) return undefined;
  const url = URL.canParse(target, base.href) ? new URL(target, base.href) : undefined;
  if (url?.origin !== base.origin || url.username || url.password) {
    throw new GantryError("denied", `${what}: the next page is not on ${base.host}`);
  }
  return url;
}

/** The target of the first link with this relation. */
export function findLink(header: string, relation: string, what: string): string | undefined {
  const item =
    /\s*(?:<([^>]*)>|([^\s<>;,"\\]+))((?:\s*;\s*[^\s=;,"\\]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"\\]+))?)*)\s*(,|$)/y;
  while (item.lastIndex < header.length) {
    const match = item.exec(header);
    if (!match) {
      throw new GantryError(
        "invalid-document",
        `${what}: cannot read the Link header ${JSON.stringify(redact(header))}`,
      );
    }
    const [, bracketed, bare, params = ""] = match;
    const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(params);
    const relations = (rel?.[1] ?? rel?.[2] ?? "").toLowerCase().split(/\s+/);
    if (relations.includes(relation)) return bracketed ?? bare;
  }
  return undefined;
}
