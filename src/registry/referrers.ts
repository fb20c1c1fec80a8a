import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { parseIndex } from "../spec/manifest.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { ensure, registryErrorOf } from "./errors.ts";
import { contentTypeOf } from "./manifest_resolve.ts";
import { pages } from "./pagination.ts";
import { readReferrersTag } from "./referrers_tag.ts";
import type { Repository } from "./repository.ts";

/** The manifests with this subject: from the registry, or from the tag under which clients keep the list where it does not. */
export async function* listReferrers(
  repository: Repository,
  subject: Digest,
  { artifactType, signal }: Options & { artifactType?: string | undefined },
): AsyncGenerator<Descriptor, void, void> {
  for await (const descriptors of referrerPages(repository, subject, { artifactType, signal })) {
    for (const descriptor of descriptors) {
      // Registries need not filter.
      if (artifactType === undefined || descriptor.artifactType === artifactType) yield descriptor;
    }
  }
}

async function* referrerPages(
  repository: Repository,
  subject: Digest,
  options: Options & { artifactType: string | undefined },
): AsyncGenerator<readonly Descriptor[], void, void> {
  const { client, registry } = repository;
  let begun = false;
  let refused: unknown;
  if (!client.withoutReferrers.has(registry)) {
    try {
      for await (const manifests of listedPages(repository, subject, options)) {
        begun = true;
        yield manifests;
      }
      return;
    } catch (error) {
      const { status = GantryError.is(error, "unsupported") ? 404 : 0, codes = [] } =
        registryErrorOf(error) ?? {};
      if (begun || status < 300 || status === 401) throw error;
      const noRepository = codes.includes("NAME_UNKNOWN");
      // There is no list at all: a redirect leads to a web page.
      if ((status < 400 || status === 404 || status === 405) && !noRepository) {
        client.withoutReferrers.add(registry);
      }
      // Other statuses say that there is no such API. These may have other reasons, which matter if there is no tag either.
      if (status === 403 || status >= 500 || noRepository) refused = error;
    }
  }
  const { found, index } = await readReferrersTag(repository, subject, options);
  if (!found && refused) throw refused;
  yield uniqueOf(index.manifests);
}

/** What the registry lists itself. */
function listedPages(
  repository: Repository,
  subject: Digest,
  { artifactType, signal }: Options & { artifactType: string | undefined },
): AsyncGenerator<readonly Descriptor[], void, void> {
  const { client, registry } = repository;
  const what = `list the referrers of ${repository.reference(subject)}`;
  const filter = artifactType === undefined ? "" : `?artifactType=${encodeURIComponent(artifactType)}`;
  const headers = { accept: mediaTypes.ociIndex };
  // GHCR leads to github.com, or answers 429 however long one waits: https://github.com/artifacthub/hub/issues/4785
  const answer = { sameOrigin: true, final: [429] };
  const request = repository.request("GET", `referrers/${subject}${filter}`, {
    what,
    headers,
    signal,
    ...answer,
  });
  return pages(client, request, {
    read: async (response) => {
      await ensure(response, 200);
      // Anything but an index comes from a server that does not know of referrers and answers every path.
      if (contentTypeOf(response) !== mediaTypes.ociIndex) {
        await response.discard();
        throw new GantryError("unsupported", `${what}: ${registry} answers with something else`);
      }
      return parseIndex(await response.bytes(client.settings.limits.page), what).manifests;
    },
    keyOf: ({ digest }) => digest,
  });
}

function uniqueOf(descriptors: readonly Descriptor[]): Descriptor[] {
  return [...new Map(descriptors.map((descriptor) => [descriptor.digest, descriptor])).values()];
}
