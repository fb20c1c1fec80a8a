import type { Options, Resolved, ResolveOptions } from "../content/contracts.ts";
import { type Digest, parseDigest } from "../spec/digest.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { checkBytes } from "./digest_check.ts";
import { ensure, isTransientStatus } from "./errors.ts";
import type { Repository } from "./repository.ts";

/** Resolves a digest to a blob. A registry does not know a blob's media type. */
export async function resolveBlob(
  repository: Repository,
  name: string,
  { document: wanted, signal }: ResolveOptions,
): Promise<Resolved> {
  const digest = parseDigest(name);
  const options = { what: `resolve ${repository.reference(digest)}`, signal };
  const descriptor = (size: number) => ({ mediaType: mediaTypes.octetStream, digest, size });
  if (!wanted) {
    const response = await repository.send("HEAD", `blobs/${digest}`, options);
    if (response.status === 404) await ensure(response);
    await response.discard();
    // Some say 0 where they do not know.
    if (response.status === 200 && response.length) return { descriptor: descriptor(response.length) };
  }
  const request = repository.request("GET", `blobs/${digest}`, options);
  return await repository.client.send(request, async (response) => {
    await ensure(response, 200);
    if (!wanted && response.length !== undefined) {
      await response.discard();
      return { descriptor: descriptor(response.length) };
    }
    const document = await response.bytes(repository.client.settings.limits.manifest);
    await checkBytes(document, digest, { what: response.what, digestBytes: repository.digestBytes });
    return { descriptor: descriptor(document.byteLength), ...(wanted && { document }) };
  });
}

/**
 * Looks for a blob that is to be written. Asks with the scopes for that, so that the token serves the upload too. Gives the
 * size if the registry tells it, and undefined where the blob is not there.
 */
export async function findBlob(
  repository: Repository,
  digest: Digest,
  { signal, once = false }: Options & { once?: boolean },
): Promise<{ size: number | undefined } | undefined> {
  const response = await repository.send("HEAD", `blobs/${digest}`, {
    what: `look for ${repository.reference(digest)}`,
    scopes: repository.pushScopes,
    once,
    signal,
  });
  if (isTransientStatus(response.status)) await ensure(response);
  await response.discard();
  return response.status === 200 ? { size: response.length } : undefined;
}
