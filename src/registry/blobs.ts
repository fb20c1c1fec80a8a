import type { Options, Resolved, ResolveOptions } from "../content/contracts.ts";
import { type Digest, parseDigest } from "../spec/digest.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { ensure, isPassing } from "./errors.ts";
import { checkBytes, type Place } from "./repository.ts";

/** Resolves a digest to a blob, whose media type a registry does not know. */
export async function resolveBlob(
  place: Place,
  name: string,
  { document: wanted, signal }: ResolveOptions,
): Promise<Resolved> {
  const digest = parseDigest(name);
  const call = { what: `resolve ${place.name(digest)}`, signal };
  const descriptor = (size: number) => ({ mediaType: mediaTypes.octetStream, digest, size });
  if (!wanted) {
    const answer = await place.ask("HEAD", `blobs/${digest}`, call);
    if (answer.status === 404) await ensure(answer);
    await answer.discard();
    // Some say 0 where they do not know.
    if (answer.status === 200 && answer.length) return { descriptor: descriptor(answer.length) };
  }
  return await place.wire.call(place.request("GET", `blobs/${digest}`, call), async (answer) => {
    await ensure(answer, 200);
    if (!wanted && answer.length !== undefined) {
      await answer.discard();
      return { descriptor: descriptor(answer.length) };
    }
    const document = await answer.bytes(place.wire.settings.limits.manifest);
    await checkBytes(document, digest, answer.what);
    return { descriptor: descriptor(document.byteLength), ...(wanted && { document }) };
  });
}

/** Whether a blob is there, where more is to be pushed, and how large it is if the registry tells. */
export async function findBlob(
  place: Place,
  digest: Digest,
  { signal }: Options,
): Promise<{ size: number | undefined } | undefined> {
  const what = `look for ${place.name(digest)}`;
  const answer = await place.ask("HEAD", `blobs/${digest}`, { what, scopes: place.push, signal });
  if (isPassing(answer.status)) await ensure(answer);
  await answer.discard();
  return answer.status === 200 ? { size: answer.length } : undefined;
}
