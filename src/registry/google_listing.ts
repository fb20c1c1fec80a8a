import type { Options } from "../content/contracts.ts";
import { type Digest, isDigest } from "../spec/digest.ts";
import { parseJson } from "../spec/json.ts";
import { isRepository, isTag } from "../spec/reference.ts";
import { ensure } from "./errors.ts";
import type { Repository } from "./repository.ts";

/** What Google's registries list beside the tags: https://cloud.google.com/artifact-registry. */
export interface GoogleListing {
  /** The repository. */
  repository: string;
  /** Its manifests, tagged or not. Undefined where the registry is none of Google's. */
  manifests?: ReadonlyMap<Digest, readonly string[]> | undefined;
  /** Its tags. */
  tags: readonly string[];
}

/** A repository and all below it, as Google's registries list them; elsewhere the repository alone. */
export async function* listBelow(
  open: (name: string) => Repository,
  name: string,
  options: Options,
): AsyncGenerator<GoogleListing, void, void> {
  const waiting = [name];
  const seen = new Set(waiting);
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { children, ...listing } = await list(open(next), next, options);
    yield listing;
    for (const child of children.map((child) => `${next}/${child}`)) {
      if (seen.has(child)) continue;
      seen.add(child);
      waiting.push(child);
    }
  }
}

async function list(
  repository: Repository,
  name: string,
  { signal }: Options,
): Promise<GoogleListing & { children: string[] }> {
  const what = `list ${repository.reference()} and what is below it`;
  const response = await repository.send("GET", "tags/list", { what, signal });
  await ensure(response, 200);
  const limit = repository.client.settings.limits.page;
  const found = parseJson(await response.bytes(limit), what, { bytes: limit }) as {
    child?: unknown;
    manifest?: unknown;
    tags?: unknown;
  } | null;
  const texts = (value: unknown) =>
    Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
  const manifests = typeof found?.manifest === "object" && found.manifest !== null
    ? new Map(
      Object.entries(found.manifest as Record<string, { tag?: unknown }>)
        .filter((entry): entry is [Digest, { tag?: unknown }] => isDigest(entry[0]))
        .map(([digest, { tag }]) => [digest, texts(tag).filter(isTag).sort()] as const)
        .sort(([a], [b]) => a < b ? -1 : 1),
    )
    : undefined;
  return {
    repository: name,
    ...(manifests && { manifests }),
    tags: texts(found?.tags).filter(isTag).sort(),
    children: texts(found?.child).filter((child) => isRepository(child)).sort(),
  };
}
