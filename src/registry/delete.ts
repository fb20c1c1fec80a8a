import type { Address, Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { parseDocument } from "../spec/document.ts";
import { isTag } from "../spec/reference.ts";
import { fault, refusalOf } from "./errors.ts";
import { subjectOf } from "./manifest_write.ts";
import { getManifest } from "./manifests.ts";
import type { Place } from "./repository.ts";
import { dropReferrer } from "./referrers.ts";

/** Deletes a manifest with all its names, and takes it off the list of its subject's referrers. */
export async function deleteManifest(place: Place, { digest }: Address, { signal }: Options): Promise<void> {
  const { document, descriptor } = await getManifest(place, digest, { signal });
  const subject = subjectOf(parseDocument(document, { mediaType: descriptor.mediaType }));
  await remove(place, `manifests/${digest}`, { what: `delete ${place.name(digest)}`, signal });
  if (subject) await dropReferrer(place, subject, digest, { signal });
}

/** Takes a name away. */
export async function untagManifest(place: Place, name: string, { signal }: Options): Promise<void> {
  const what = `untag ${place.name(name)}`;
  if (!isTag(name)) throw new GantryError("invalid-name", `${what}: not a tag`);
  try {
    await remove(place, `manifests/${name}`, { what, signal });
  } catch (error) {
    if (refusalOf(error)?.status !== 400) throw error;
    // As Docker's registry does up to version 2, which looks for a digest there.
    throw new GantryError("unsupported", `${what}: the registry deletes only by digest`, { cause: error });
  }
}

/** Deletes a blob. */
export async function deleteBlob(place: Place, { digest }: Address, { signal }: Options): Promise<void> {
  await remove(place, `blobs/${digest}`, { what: `delete blob ${place.name(digest)}`, signal });
}

async function remove(place: Place, path: string, call: Options & { what: string }): Promise<void> {
  // Most want leave to delete. Quay grants nothing to those who ask for that, but knows `*`.
  for (const scope of [place.may("delete", "pull"), place.may("*")]) {
    const answer = await place.ask("DELETE", path, { ...call, scopes: [scope] });
    if (answer.status >= 200 && answer.status < 300) return await answer.discard();
    const error = await fault(answer);
    if (!GantryError.is(error, "unauthorized", "denied") || scope.endsWith("*")) throw error;
  }
}
