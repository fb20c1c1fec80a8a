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
  const page = wantedPage(context.url);
  const target = await context.target(repository);
  const names = targetMethod(target, "names", "list its tags");
  const { signal } = context;
  const { items, headers } = await orNotFound(
    pageOf(names({ after: page.last, signal }), isTag, page, {
      ordered: target.ordered,
      path: `/v2/${repository}/tags/list`,
    }),
    "NAME_UNKNOWN",
    `repository ${repository} is not known`,
  );
  return json({ name: repository, tags: items }, 200, headers);
}

/** GET of the repositories. */
export async function listRepositories(context: RequestContext): Promise<Response> {
  const page = wantedPage(context.url);
  const { catalog, catalogOrdered: ordered, signal } = context;
  if (!catalog) throw cannot("list its repositories");
  const names = catalog({ after: page.last, signal });
  const { items, headers } = await pageOf(names, isRepository, page, { ordered, path: "/v2/_catalog" });
  return json({ repositories: items }, 200, headers);
}

interface Page {
  n: number | undefined;
  last: string | undefined;
}

function wantedPage(url: URL): Page {
  const n = parameter(url, "n", "PAGINATION_NUMBER_INVALID");
  if (n !== undefined && !/^\d{1,15}$/.test(n)) {
    throw httpError(400, "PAGINATION_NUMBER_INVALID", 'the parameter "n" is not a number of entries');
  }
  return {
    n: n === undefined ? undefined : Number(n),
    last: parameter(url, "last", "PAGINATION_NUMBER_INVALID"),
  };
}

/**
 * One page, and a link to the next, of the valid names, once each, in the order of their bytes: all of them are ASCII.
 * `last` may have been removed since the page before. Of what is ordered, no more is read than the page has.
 */
async function pageOf(
  names: AsyncIterable<string>,
  isValid: (name: string) => boolean,
  { n, last = "" }: Page,
  { ordered = false, path }: { ordered?: boolean | undefined; path: string },
): Promise<{ items: string[]; headers: Record<string, string> }> {
  const length = Math.min(n ?? longestPage, longestPage);
  const found = new Set<string>();
  for await (const name of names) {
    if (isValid(name) && name > last) found.add(name);
    if (ordered && found.size > length) break;
  }
  const all = [...found].sort();
  const items = all.slice(0, length);
  const end = items.at(-1);
  if (all.length === items.length || end === undefined) return { items, headers: {} };
  const query = new URLSearchParams({ n: String(length), last: end });
  return { items, headers: { link: `<${path}?${query}>; rel="next"` } };
}
