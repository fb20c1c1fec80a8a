import { GantryError } from "../errors.ts";
import type { HttpResponse } from "../http/response.ts";
import type { Client } from "./client.ts";
import { nextPage } from "./link_header.ts";
import type { RegistryRequest } from "./request.ts";

/** All pages of a list, as `read` makes them of the responses. */
export async function* pages<T>(
  client: Client,
  first: RegistryRequest,
  read: (response: HttpResponse) => Promise<T>,
): AsyncGenerator<T, void, void> {
  const { what } = first;
  const limit = client.settings.limits.pages;
  const seen = new Set<string>();
  let request = first;
  for (let page = 0; page < limit; page++) {
    const { value, next } = await client.send(request, async (response) => ({
      value: await read(response),
      next: nextPage(response.headers.get("link"), response.url, what),
    }));
    yield value;
    if (!next) return;
    if (seen.has(next.href)) throw new GantryError("invalid-document", `${what}: the pages go in a circle`);
    seen.add(next.href);
    request = { ...first, to: next };
  }
  throw new GantryError("too-large", `${what}: more than ${limit} pages`);
}
