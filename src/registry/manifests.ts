import { type Bytes, readAll, streamOf } from "../bytes.ts";
import type { Options, Resolved, ResolveOptions } from "../content/contracts.ts";
import { digestBytes } from "../digest/hasher.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { algorithmOf, type Digest, isDigest, parseDigest } from "../spec/digest.ts";
import { parseDocument } from "../spec/document.ts";
import { acceptedDocuments, isDocumentType, mediaTypes } from "../spec/media_type.ts";
import { isTag } from "../spec/reference.ts";
import type { Answer } from "../http/response.ts";
import { ensure } from "./errors.ts";
import { checkBytes, checkKept, type Place, type ScopedOptions } from "./repository.ts";

/** Makes sure that a manifest's name is fit for a path. */
export function checkName(name: string): void {
  if (name.includes(":")) parseDigest(name);
  else if (!isTag(name)) {
    throw new GantryError("invalid-name", `resolve ${JSON.stringify(name)}: not a tag or digest`);
  }
}

/** Resolves a tag or digest to a manifest. */
export async function resolveManifest(
  place: Place,
  name: string,
  { document, ...options }: Pick<ResolveOptions, "document"> & ScopedOptions,
): Promise<Resolved> {
  checkName(name);
  if (document) return await getManifest(place, name, options);
  const descriptor = await headManifest(place, name, options) ??
    (await getManifest(place, name, options)).descriptor;
  return { descriptor };
}

/** Asks for a manifest's descriptor alone; undefined where the registry does not tell all of it without the bytes. */
async function headManifest(
  place: Place,
  name: string,
  options: ScopedOptions,
): Promise<Descriptor | undefined> {
  const answer = await place.ask("HEAD", `manifests/${name}`, resolving(place, name, options));
  const { status, headers, length } = answer;
  // A refusal without its reason is asked for again.
  if (status === 404) await ensure(answer);
  await answer.discard();
  const mediaType = typeOf(answer);
  const digest = isDigest(name) ? name : headers.get("docker-content-digest") ?? "";
  const complete = status === 200 && length && isDigest(digest) && isDocumentType(mediaType) &&
    mediaType !== mediaTypes.dockerSchema1Signed;
  return complete ? { mediaType, digest, size: length } : undefined;
}

/** Gets a manifest with its bytes, which are what they must be. */
export async function getManifest(
  place: Place,
  name: string,
  options: ScopedOptions,
): Promise<Required<Resolved> & { etag: string | null }> {
  const { document, digest, answer } = await getBytes(place, name, options);
  const { mediaType } = parseDocument(document, { mediaType: typeOf(answer), what: answer.what });
  const descriptor = { mediaType, digest, size: document.byteLength };
  return { descriptor, document, etag: answer.headers.get("etag") };
}

/** Gets the bytes of a manifest, whatever they say. */
export async function getBytes(
  place: Place,
  name: string,
  options: ScopedOptions,
): Promise<{ document: Bytes; digest: Digest; answer: Answer }> {
  const request = place.request("GET", `manifests/${name}`, resolving(place, name, options));
  return await place.wire.call(request, async (answer) => {
    await ensure(answer, 200);
    const document = await readPlain(answer, place.wire.settings.limits.manifest);
    return { document, digest: await digestOf(document, name, answer), answer };
  });
}

function resolving(place: Place, name: string, { signal, scopes }: ScopedOptions) {
  return {
    what: `resolve ${place.name(name)}`,
    headers: { accept: acceptedDocuments.join(", ") },
    signal,
    scopes,
  };
}

async function digestOf(bytes: Bytes, name: string, answer: Answer): Promise<Digest> {
  if (typeOf(answer) === mediaTypes.dockerSchema1Signed) {
    throw new GantryError(
      "unsupported",
      `${answer.what}: Docker's schema 1, whose digest is not that of its bytes`,
    );
  }
  if (isDigest(name)) {
    await checkBytes(bytes, name, answer.what);
    return name;
  }
  // What the header claims counts for nothing, but for the algorithm: https://github.com/GoogleContainerTools/kaniko/issues/298
  const claimed = answer.headers.get("docker-content-digest") ?? "";
  const actual = await digestBytes(bytes, isDigest(claimed) ? algorithmOf(claimed) : "sha256");
  return actual === claimed ? actual : await digestBytes(bytes);
}

/** Some servers compress whatever they are told; a document never begins like a gzip file. */
async function readPlain(answer: Answer, limit: number): Promise<Bytes> {
  const bytes = await answer.bytes(limit);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const plain = streamOf(bytes).pipeThrough(new DecompressionStream("gzip")) as ReadableStream<Bytes>;
  return await readAll(plain, { limit, what: answer.what });
}

/** The media type of a body, without parameters. */
export function typeOf({ headers }: Answer): string {
  return (headers.get("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
}

/** Sends a manifest; gives the subject under which the registry lists it, if it says so. */
export async function putManifest(
  place: Place,
  reference: string,
  { bytes, descriptor, headers, signal }: Options & {
    bytes: Bytes;
    descriptor: Descriptor;
    headers?: Record<string, string>;
  },
): Promise<string | null> {
  const answer = await place.ask("PUT", `manifests/${reference}`, {
    what: `write ${place.name(reference)}`,
    scopes: place.push,
    headers: { ...headers, "content-type": descriptor.mediaType },
    body: bytes,
    signal,
  });
  await ensure(answer, 200, 201, 202, 204);
  await answer.discard();
  checkKept(answer, descriptor.digest);
  return answer.headers.get("oci-subject");
}
