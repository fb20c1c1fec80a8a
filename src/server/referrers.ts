import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { mediaTypes } from "../spec/media_type.ts";
import type { RequestContext } from "./request_context.ts";
import { json } from "./responses.ts";
import { httpError } from "./http_error.ts";
import { digestParameter, parameter, type RouteTo } from "./routes.ts";

/** The most that one response holds, in characters of JSON: less than the manifest limits of clients. */
const longestPage = 2 * 1024 * 1024;

/** GET of the manifests whose subject this is. */
export async function listReferrers(
  context: RequestContext,
  { repository, digest }: RouteTo<"referrers">,
): Promise<Response> {
  const { url, signal } = context;
  const artifactType = parameter(url, "artifactType", "UNSUPPORTED");
  const last = digestParameter(url, "last");
  const target = await context.target(repository);
  // 404 tells clients to look for the fallback tag.
  if (!target.referrers) throw httpError(404, "UNSUPPORTED", "this repository keeps no list of referrers");

  const found = new Map<string, Descriptor>();
  try {
    for await (const descriptor of target.referrers({ digest }, { artifactType, signal })) {
      if (artifactType !== undefined && descriptor.artifactType !== artifactType) continue;
      found.set(descriptor.digest, descriptor);
    }
  } catch (error) {
    // A subject that is not there has no referrers. A 404 would say that there is no such API.
    if (!GantryError.is(error, "not-found")) throw error;
  }
  const sorted = [...found.values()]
    .filter((descriptor) => last === undefined || descriptor.digest > last)
    .sort((a, b) => a.digest < b.digest ? -1 : 1);
  const manifests = firstPage(sorted);
  const headers: Record<string, string> = { "content-type": mediaTypes.ociIndex };
  if (artifactType !== undefined) headers["oci-filters-applied"] = "artifactType";
  const end = manifests.at(-1);
  if (end && manifests.length < sorted.length) {
    const query = new URLSearchParams({
      ...(artifactType !== undefined && { artifactType }),
      last: end.digest,
    });
    headers["link"] = `</v2/${repository}/referrers/${digest}?${query}>; rel="next"`;
  }
  return json({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }, 200, headers);
}

/** As many as one response holds, but at least one. */
function firstPage(descriptors: readonly Descriptor[]): readonly Descriptor[] {
  let room = longestPage;
  const end = descriptors.findIndex((descriptor, i) => {
    room -= JSON.stringify(descriptor).length;
    return room < 0 && i > 0;
  });
  return end < 0 ? descriptors : descriptors.slice(0, end);
}
