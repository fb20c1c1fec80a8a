import { GantryError } from "../errors.ts";
import type { HttpResponse } from "../http/response.ts";
import type { Client } from "./client.ts";
import { nextPage } from "./link_header.ts";
import type { RegistryRequest } from "./request.ts";

/** Registries that leave out what the caller may not see give empty pages, but hardly so many in a row. */
const mostEmpty = 100;

/**
 * All pages of a list, as `read` makes them of the responses, without what came before. It ends: with an error where pages
 * go in a circle, bring nothing new, stay empty, or are too many.
 */
export async function* pages<T>(
  client: Client,
  first: RegistryRequest,
  { read, keyOf }: { read(response: HttpResponse): Promise<readonly T[]>; keyOf(item: T): string },
): AsyncGenerator<readonly T[], void, void> {
  const { what } = first;
  const limit = client.settings.limits.pages;
  const wrong = (how: string) => new GantryError("invalid-document", `${what}: the pages ${how}`);
  const asked = new Set<string>();
  const seen = new Set<string>();
  let empty = 0;
  let request = first;
  for (let page = 0; page < limit; page++) {
    const { items, next } = await client.send(request, async (response) => ({
      items: await read(response),
      next: nextPage(response.headers.get("link"), response.url, what),
    }));
    const fresh = items.filter((item) => seen.size < seen.add(keyOf(item)).size);
    if (fresh.length > 0) yield fresh;
    if (!next) return;
    if (asked.has(next.href)) throw wrong("go in a circle");
    if (fresh.length === 0 && items.length > 0) throw wrong("bring nothing new");
    empty = fresh.length > 0 ? 0 : empty + 1;
    if (empty > mostEmpty) throw wrong(`are empty, ${mostEmpty} in a row`);
    asked.add(next.href);
    request = { ...first, to: next };
  }
  throw new GantryError("too-large", `${what}: more than ${limit} pages`);
}
