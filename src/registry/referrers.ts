import type { Options } from "../content/contracts.ts";
import { digestBytes } from "../digest/hasher.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { formatJson } from "../spec/json.ts";
import { type IndexManifest, parseIndex } from "../spec/manifest.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { ensure, refusalOf } from "./errors.ts";
import { pages } from "./listing.ts";
import { getManifest, putManifest, typeOf } from "./manifests.ts";
import type { Place } from "./repository.ts";

/** The manifests whose subject this is: from the registry, or from the tag under which clients keep the list for it. */
export async function* listReferrers(
  place: Place,
  subject: Digest,
  { artifactType, signal }: Options & { artifactType?: string | undefined },
): AsyncGenerator<Descriptor, void, void> {
  const seen = new Set<Digest>();
  for await (const descriptors of referrerPages(place, subject, { artifactType, signal })) {
    for (const descriptor of descriptors) {
      // The registry may have filtered already; doing it again costs nothing.
      const wanted = artifactType === undefined || descriptor.artifactType === artifactType;
      if (!wanted || seen.has(descriptor.digest)) continue;
      seen.add(descriptor.digest);
      yield descriptor;
    }
  }
}

async function* referrerPages(
  place: Place,
  subject: Digest,
  { artifactType, signal }: Options & { artifactType: string | undefined },
): AsyncGenerator<readonly Descriptor[], void, void> {
  const { wire } = place;
  const what = `list the referrers of ${place.name(subject)}`;
  const filter = artifactType === undefined ? "" : `?artifactType=${encodeURIComponent(artifactType)}`;
  const headers = { accept: mediaTypes.ociIndex };
  const call = place.request("GET", `referrers/${subject}${filter}`, { what, headers, signal });
  let begun = false;
  let refused: unknown;
  try {
    for await (
      const manifests of pages(wire, call, async (answer) => {
        await ensure(answer, 200);
        // What is no index was said by something that does not know of referrers and answers everything.
        if (typeOf(answer) !== mediaTypes.ociIndex) {
          await answer.discard();
          throw new GantryError("unsupported", `${what}: ${place.registry} answers with something else`);
        }
        return parseIndex(await answer.bytes(wire.settings.limits.page), what).manifests;
      })
    ) {
      begun = true;
      yield manifests;
    }
    return;
  } catch (error) {
    const { status = GantryError.is(error, "unsupported") ? 404 : 0 } = refusalOf(error) ?? {};
    if (begun || status < 400 || status === 401) throw error;
    // Others say that they do not know of it; these may have other reasons, which matter if there is no tag either.
    if (status === 403 || status === 429 || status >= 500) refused = error;
  }
  const { found, index } = await readFallback(place, subject, { signal });
  if (!found && refused) throw refused;
  yield index.manifests;
}

/** The tag under which clients keep the referrers where a registry does not. */
export function fallbackTag(subject: string): string {
  const [algorithm, encoded] = subject.split(":", 2) as [string, string];
  // https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema
  return `${algorithm.slice(0, 32)}-${encoded.slice(0, 64)}`.replace(/[^A-Za-z0-9._-]/g, "-");
}

/** Enters a manifest into the list that clients keep. */
export async function addReferrer(
  place: Place,
  subject: Digest,
  referrer: Descriptor,
  options: Options,
): Promise<void> {
  await amendFallback(
    place,
    subject,
    options,
    (manifests) =>
      manifests.some(({ digest }) => digest === referrer.digest) ? undefined : [...manifests, referrer],
  );
}

/** Takes a manifest off the list that clients keep, if there is one. */
export async function dropReferrer(
  place: Place,
  subject: Digest,
  referrer: Digest,
  options: Options,
): Promise<void> {
  await amendFallback(place, subject, options, (manifests) => {
    const left = manifests.filter(({ digest }) => digest !== referrer);
    return left.length < manifests.length ? left : undefined;
  });
}

/** Changes the list until it reads back as it should: others may write it at the same time. */
async function amendFallback(
  place: Place,
  subject: Digest,
  { signal }: Options,
  change: (manifests: readonly Descriptor[]) => Descriptor[] | undefined,
): Promise<void> {
  const tag = fallbackTag(subject);
  const what = `list a referrer in ${place.name(tag)}`;
  await place.wire.locked(what, async () => {
    for (let attempt = 0;; attempt++) {
      const { index, etag, found } = await readFallback(place, subject, { signal });
      const changed = change(index.manifests);
      if (!changed) return;
      if (attempt === 3) throw new GantryError("conflict", `${what}: others keep changing it`);
      if (index.subject !== undefined) {
        throw new GantryError(
          "invalid-document",
          `${what}: it is an index with a subject, not a list of referrers`,
        );
      }
      const bytes = formatJson({ ...index, manifests: changed });
      const mediaType = mediaTypes.ociIndex;
      const descriptor = { mediaType, digest: await digestBytes(bytes), size: bytes.byteLength };
      const headers: Record<string, string> = etag
        ? { "if-match": etag }
        : found
        ? {}
        : { "if-none-match": "*" };
      try {
        await putManifest(place, tag, { bytes, descriptor, headers, signal });
      } catch (error) {
        if (!GantryError.is(error, "conflict")) throw error;
      }
    }
  });
}

async function readFallback(
  place: Place,
  subject: Digest,
  options: Options,
): Promise<{ found: boolean; index: IndexManifest; etag: string | null }> {
  const tag = fallbackTag(subject);
  try {
    const { document, etag } = await getManifest(place, tag, options);
    return { found: true, index: parseIndex(document, place.name(tag)), etag };
  } catch (error) {
    if (!GantryError.is(error, "not-found")) throw error;
    return {
      found: false,
      index: { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] },
      etag: null,
    };
  }
}
