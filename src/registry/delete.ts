import type { Address, Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { parseDocument } from "../spec/document.ts";
import { isTag } from "../spec/reference.ts";
import { errorFrom, registryErrorOf } from "./errors.ts";
import { subjectOf } from "./manifest_write.ts";
import { getManifest } from "./manifest_resolve.ts";
import type { Repository } from "./repository.ts";
import { removeReferrer } from "./referrers_tag.ts";

/** Deletes a manifest with all its tags, and removes it from the list of its subject's referrers. */
export async function deleteManifest(
  repository: Repository,
  { digest }: Address,
  { signal }: Options,
): Promise<void> {
  const { document, descriptor } = await getManifest(repository, digest, { signal });
  const subject = subjectOf(parseDocument(document, { mediaType: descriptor.mediaType }));
  await remove(repository, `manifests/${digest}`, { what: `delete ${repository.reference(digest)}`, signal });
  if (subject) await removeReferrer(repository, subject, digest, { signal });
}

/** Removes a tag; the manifest stays. */
export async function untagManifest(
  repository: Repository,
  name: string,
  { signal }: Options,
): Promise<void> {
  const what = `untag ${repository.reference(name)}`;
  if (!isTag(name)) throw new GantryError("invalid-name", `${what}: not a tag`);
  try {
    await remove(repository, `manifests/${name}`, { what, signal });
  } catch (error) {
    if (registryErrorOf(error)?.status !== 400) throw error;
    // Docker's registry up to version 2 takes only a digest here.
    throw new GantryError("unsupported", `${what}: the registry deletes only by digest`, { cause: error });
  }
}

/** Deletes a blob. */
export async function deleteBlob(
  repository: Repository,
  { digest }: Address,
  { signal }: Options,
): Promise<void> {
  await remove(repository, `blobs/${digest}`, {
    what: `delete blob ${repository.reference(digest)}`,
    signal,
  });
}

async function remove(
  repository: Repository,
  path: string,
  options: Options & { what: string },
): Promise<void> {
  // Most registries want `delete`. Quay does not know that action and grants nothing; it wants `*`.
  for (const scope of [repository.scope("delete", "pull"), repository.scope("*")]) {
    const response = await repository.send("DELETE", path, { ...options, scopes: [scope] });
    if (response.status >= 200 && response.status < 300) return await response.discard();
    const error = await errorFrom(response);
    if (!GantryError.is(error, "unauthorized", "denied") || scope.endsWith("*")) throw error;
  }
}
