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
  const seen = new Set<Digest>();
  for await (const descriptors of referrerPages(repository, subject, { artifactType, signal })) {
    for (const descriptor of descriptors) {
      // Registries need not filter.
      const wanted = artifactType === undefined || descriptor.artifactType === artifactType;
      if (!wanted || seen.has(descriptor.digest)) continue;
      seen.add(descriptor.digest);
      yield descriptor;
    }
  }
}

async function* referrerPages(
  repository: Repository,
  subject: Digest,
  { artifactType, signal }: Options & { artifactType: string | undefined },
): AsyncGenerator<readonly Descriptor[], void, void> {
  const { client } = repository;
  const what = `list the referrers of ${repository.reference(subject)}`;
  const filter = artifactType === undefined ? "" : `?artifactType=${encodeURIComponent(artifactType)}`;
  const headers = { accept: mediaTypes.ociIndex };
  const request = repository.request("GET", `referrers/${subject}${filter}`, { what, headers, signal });
  let begun = false;
  let refused: unknown;
  try {
    for await (
      const manifests of pages(client, request, async (response) => {
        await ensure(response, 200);
        // Anything but an index comes from a server that does not know of referrers and answers every path.
        if (contentTypeOf(response) !== mediaTypes.ociIndex) {
          await response.discard();
          throw new GantryError("unsupported", `${what}: ${repository.registry} answers with something else`);
        }
        return parseIndex(await response.bytes(client.settings.limits.page), what).manifests;
      })
    ) {
      begun = true;
      yield manifests;
    }
    return;
  } catch (error) {
    const { status = GantryError.is(error, "unsupported") ? 404 : 0 } = registryErrorOf(error) ?? {};
    if (begun || status < 400 || status === 401) throw error;
    // Other statuses say that there is no such API. These may have other reasons, which matter if there is no tag either.
    if (status === 403 || status === 429 || status >= 500) refused = error;
  }
  const { found, index } = await readReferrersTag(repository, subject, { signal });
  if (!found && refused) throw refused;
  yield index.manifests;
}
