import { GantryError } from "../errors.ts";
import { parseJson } from "../spec/json.ts";
import { isRepository, isTag } from "../spec/reference.ts";
import type { Options } from "../content/contracts.ts";
import type { Answer } from "../http/response.ts";
import { ensure, refusalOf } from "./errors.ts";
import { nextPage } from "./link.ts";
import type { Place } from "./repository.ts";
import type { Call, Wire } from "./client.ts";

/** All pages of a list, each read by `read`. */
export async function* pages<T>(
  wire: Wire,
  first: Call,
  read: (answer: Answer) => Promise<T>,
): AsyncGenerator<T, void, void> {
  const { what } = first;
  const seen = new Set<string>();
  let call = first;
  for (let page = 0; page < wire.settings.limits.pages; page++) {
    const { value, next } = await wire.call(call, async (answer) => ({
      value: await read(answer),
      next: nextPage(answer.headers.get("link"), answer.url, what),
    }));
    yield value;
    if (!next) return;
    if (seen.has(next.href)) throw new GantryError("invalid-document", `${what}: the pages go in a circle`);
    seen.add(next.href);
    call = { ...first, to: next };
  }
  throw new GantryError("too-large", `${what}: more than ${wire.settings.limits.pages} pages`);
}

/** The tags of a repository. */
export function tagNames(place: Place, { signal }: Options): AsyncGenerator<string, void, void> {
  const what = `list the tags of ${place.name()}`;
  const request = (query: string) => place.request("GET", `tags/list${query}`, { what, headers, signal });
  return namesOf(place.wire, request, "tags", isTag);
}

/** The repositories of a registry. */
export function repositoryNames(
  wire: Wire,
  registry: string,
  { signal }: Options,
): AsyncGenerator<string, void, void> {
  const what = `list the repositories of ${registry}`;
  const scopes = ["registry:catalog:*"];
  const request = (query: string): Call => (
    { what, method: "GET", to: { registry, path: `/v2/_catalog${query}` }, scopes, headers, signal }
  );
  return namesOf(wire, request, "repositories", isRepository);
}

// Artifactory refuses to list tags to those who accept manifests: https://github.com/deitch/docker_registry2/issues/40
const headers = { accept: "application/json" };

async function* namesOf(
  wire: Wire,
  request: (query: string) => Call,
  field: "tags" | "repositories",
  isName: (text: string) => boolean,
): AsyncGenerator<string, void, void> {
  const seen = new Set<string>();
  const limit = wire.settings.limits.page;
  // ECR refuses more than a thousand a page; some registries refuse to be told at all.
  for (const query of ["?n=1000", ""]) {
    const call = request(query);
    const list = pages(wire, call, async (answer) => {
      await ensure(answer, 200);
      return readNames(await answer.bytes(limit), field, call.what, limit);
    });
    try {
      for await (const names of list) {
        const before = seen.size;
        for (const name of names) {
          if (seen.has(name)) continue;
          seen.add(name);
          if (isName(name)) yield name;
        }
        if (names.length > 0 && seen.size === before) {
          throw new GantryError("invalid-document", `${call.what}: the pages bring nothing new`);
        }
      }
      return;
    } catch (error) {
      if (query === "" || refusalOf(error)?.status !== 400) throw error;
    }
  }
}

function readNames(bytes: Uint8Array, field: string, what: string, limit: number): string[] {
  const names = (parseJson(bytes, what, { bytes: limit }) as Record<string, unknown> | null)?.[field] ?? [];
  if (!Array.isArray(names)) {
    throw new GantryError("invalid-document", `${what}: there is no list of ${field}`);
  }
  return names.filter((name) => typeof name === "string");
}
