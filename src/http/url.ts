import { GantryError } from "../errors.ts";
import { depthOf, isListed } from "./hosts.ts";

/**
 * Resolves the address that a server sends us to. It may not send us to other protocols, from HTTPS to plain HTTP, or to
 * hosts deeper inside a network than its own unless they are trusted.
 *
 * @throws {GantryError} `denied`.
 */
export function follow(from: URL, to: string, what: string, trusted: readonly string[] = []): URL {
  const refuse = (why: string) => new GantryError("denied", `${what}: ${from.host} leads to ${why}`);
  if (!URL.canParse(to, from.href)) throw refuse("an address that cannot be read");
  const url = new URL(to, from.href);
  url.username = url.password = url.hash = "";
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw refuse(`an address of another kind, ${url.protocol}`);
  }
  if (from.protocol === "https:" && url.protocol === "http:") throw refuse(`${url.host} over plain HTTP`);
  if (url.host !== from.host && depthOf(url.hostname) > depthOf(from.hostname) && !isListed(url, trusted)) {
    throw refuse(`${url.host}, an address inside the network`);
  }
  return url;
}

/** Adds to a query and leaves what is there as it is, because it may be signed. */
export function withQuery(url: URL, pairs: Iterable<readonly [string, string]>): URL {
  let query = url.search;
  for (const [key, value] of pairs) query += `${query ? "&" : "?"}${key}=${encodeURIComponent(value)}`;
  const next = new URL(url);
  next.search = query;
  return next;
}
