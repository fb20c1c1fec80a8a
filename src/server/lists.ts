import { isRepository, isTag } from "../spec/reference.ts";
import type { RequestContext } from "./request_context.ts";
import { json } from "./responses.ts";
import { httpError, orNotFound } from "./http_error.ts";
import { parameter, type RouteTo } from "./routes.ts";
import { cannot, targetMethod } from "./target_method.ts";

/** The most names in one response, whatever the client asks for. */
const longestPage = 10_000;

/** GET of a repository's tags. */
export async function listTags(context: RequestContext, { repository }: RouteTo<"tags">): Promise<Response> {
  const page = pageOf(context.url);
  const target = await context.target(repository);
  const names = targetMethod(target, "names", "list its tags");
  const tags = await orNotFound(
    collect(names({ signal: context.signal }), isTag),
    "NAME_UNKNOWN",
    `repository ${repository} is not known`,
  );
  const { items, headers } = cut(tags, page, `/v2/${repository}/tags/list`);
  return json({ name: repository, tags: items }, 200, headers);
}

/** GET of the repositories. */
export async function listRepositories(context: RequestContext): Promise<Response> {
  const page = pageOf(context.url);
  if (!context.catalog) throw cannot("list its repositories");
  const { items, headers } = cut(await collect(context.catalog(), isRepository), page, "/v2/_catalog");
  return json({ repositories: items }, 200, headers);
}

interface Page {
  n: number | undefined;
  last: string | undefined;
}

function pageOf(url: URL): Page {
  const n = parameter(url, "n", "PAGINATION_NUMBER_INVALID");
  if (n !== undefined && !/^\d{1,15}$/.test(n)) {
    throw httpError(400, "PAGINATION_NUMBER_INVALID", 'the parameter "n" is not a number of entries');
  }
  return {
    n: n === undefined ? undefined : Number(n),
    last: parameter(url, "last", "PAGINATION_NUMBER_INVALID"),
  };
}

/** The valid names, once each, in the order of their bytes: all of them are ASCII. */
async function collect(names: AsyncIterable<string>, valid: (name: string) => boolean): Promise<string[]> {
  const found = new Set<string>();
  for await (const name of names) if (valid(name)) found.add(name);
  return [...found].sort();
}

/** One page, and a link to the next. `last` may have been removed since the page before. */
function cut(
  sorted: readonly string[],
  { n, last }: Page,
  path: string,
): { items: string[]; headers: Record<string, string> } {
  const rest = last === undefined ? sorted : sorted.filter((name) => name > last);
  const length = Math.min(n ?? longestPage, longestPage);
  const items = rest.slice(0, length);
  const end = items.at(-1);
  if (rest.length === items.length || end === undefined) return { items, headers: {} };
  const query = new URLSearchParams({ n: String(length), last: end });
  return { items, headers: { link: `<${path}?${query}>; rel="next"` } };
}
