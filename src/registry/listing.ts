import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { parseJson } from "../spec/json.ts";
import { isRepository, isTag } from "../spec/reference.ts";
import type { Client } from "./client.ts";
import { ensure, registryErrorOf } from "./errors.ts";
import { pages } from "./pagination.ts";
import type { Repository } from "./repository.ts";
import type { RegistryRequest } from "./request.ts";

/** The tags of a repository. */
export function listTags(repository: Repository, { signal }: Options): AsyncGenerator<string, void, void> {
  const what = `list the tags of ${repository.reference()}`;
  const request = (query: string) =>
    repository.request("GET", `tags/list${query}`, { what, headers, signal });
  return namesOf(repository.client, request, "tags", isTag);
}

/** The repositories of a registry. */
export function listRepositories(
  client: Client,
  registry: string,
  { signal }: Options,
): AsyncGenerator<string, void, void> {
  const what = `list the repositories of ${registry}`;
  const scopes = ["registry:catalog:*"];
  const request = (query: string): RegistryRequest => (
    { what, method: "GET", to: { registry, path: `/v2/_catalog${query}` }, scopes, headers, signal }
  );
  return namesOf(client, request, "repositories", isRepository);
}

// Artifactory refuses to list tags to clients that accept manifests: https://github.com/deitch/docker_registry2/issues/40
const headers = { accept: "application/json" };

async function* namesOf(
  client: Client,
  request: (query: string) => RegistryRequest,
  field: "tags" | "repositories",
  isName: (text: string) => boolean,
): AsyncGenerator<string, void, void> {
  const limit = client.settings.limits.page;
  // ECR refuses more than a thousand a page, and some registries refuse any number.
  for (const query of ["?n=1000", ""]) {
    const first = request(query);
    const list = pages(client, first, {
      read: async (response) => {
        await ensure(response, 200);
        return readNames(await response.bytes(limit), field, first.what, limit);
      },
      keyOf: (name) => name,
    });
    let begun = false;
    try {
      for await (const names of list) {
        begun = true;
        yield* names.filter(isName);
      }
      return;
    } catch (error) {
      if (begun || query === "" || registryErrorOf(error)?.status !== 400) throw error;
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
