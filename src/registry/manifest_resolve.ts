import { type Bytes, readAll, streamOf } from "../bytes.ts";
import type { Resolved, ResolveOptions } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { type Digest, isDigest, parseDigest } from "../spec/digest.ts";
import { parseDocument } from "../spec/document.ts";
import { acceptedDocuments, isDocumentType, mediaTypes } from "../spec/media_type.ts";
import { isTag } from "../spec/reference.ts";
import type { HttpResponse } from "../http/response.ts";
import { ensure } from "./errors.ts";
import { checkManifest, digestManifest } from "./manifest_digest.ts";
import type { Repository, ScopedOptions } from "./repository.ts";

/**
 * Checks the name of a manifest before it becomes part of a path.
 *
 * @throws {GantryError} `invalid-name`, `invalid-digest`.
 */
export function checkName(name: string): void {
  if (name.includes(":")) parseDigest(name);
  else if (!isTag(name)) {
    throw new GantryError("invalid-name", `resolve ${JSON.stringify(name)}: not a tag or digest`);
  }
}

/** Resolves a tag or digest to a manifest. */
export async function resolveManifest(
  repository: Repository,
  name: string,
  { document, ...options }: Pick<ResolveOptions, "document"> & ScopedOptions,
): Promise<Resolved> {
  checkName(name);
  if (document) return await getManifest(repository, name, options);
  const descriptor = await headManifest(repository, name, options) ??
    (await getManifest(repository, name, options)).descriptor;
  return { descriptor };
}

/** A manifest's descriptor by HEAD; undefined where the registry does not tell all of it without the bytes. */
async function headManifest(
  repository: Repository,
  name: string,
  options: ScopedOptions,
): Promise<Descriptor | undefined> {
  const response = await repository.send(
    "HEAD",
    `manifests/${name}`,
    requestOptions(repository, name, options),
  );
  const { status, headers, length } = response;
  // Other refusals are asked for again with GET: a HEAD does not bring the reason.
  if (status === 404) {
    repository.existence?.missed(name);
    await ensure(response);
  }
  await response.discard();
  const mediaType = contentTypeOf(response);
  const digest = isDigest(name) ? name : headers.get("docker-content-digest") ?? "";
  const complete = status === 200 && length && isDigest(digest) && isDocumentType(mediaType) &&
    mediaType !== mediaTypes.dockerSchema1Signed;
  return complete ? { mediaType, digest, size: length } : undefined;
}

/** Gets a manifest with its bytes, verified and parsed. */
export async function getManifest(
  repository: Repository,
  name: string,
  options: ScopedOptions,
): Promise<Required<Resolved> & { etag: string | null }> {
  let mediaType = "";
  const { document, digest, response } = await getBytes(repository, name, options, (document, response) => {
    mediaType =
      parseDocument(document, { mediaType: contentTypeOf(response), what: repository.reference(name) })
        .mediaType;
  });
  const descriptor = { mediaType, digest, size: document.byteLength };
  return { descriptor, document, etag: response.headers.get("etag") };
}

/**
 * Gets the bytes of a manifest, verified where the name is a digest, but not parsed. `check` throws for bytes that the next
 * mirror, or the registry itself, may have better ones for.
 */
export async function getBytes(
  repository: Repository,
  name: string,
  options: ScopedOptions,
  check: (document: Bytes, response: HttpResponse) => void = () => {},
): Promise<{ document: Bytes; digest: Digest; response: HttpResponse }> {
  const request = repository.request("GET", `manifests/${name}`, requestOptions(repository, name, options));
  return await repository.client.send(request, async (response) => {
    await ensure(response, 200);
    const document = await readPlain(response, repository.client.settings.limits.manifest);
    const digest = await digestOf(document, name, response, repository);
    check(document, response);
    return { document, digest, response };
  });
}

function requestOptions(repository: Repository, name: string, { signal, scopes }: ScopedOptions) {
  return {
    what: `resolve ${repository.reference(name)}`,
    headers: { accept: acceptedDocuments.join(", ") },
    signal,
    scopes,
  };
}

async function digestOf(
  bytes: Bytes,
  name: string,
  response: HttpResponse,
  { signedPart, digestBytes }: Repository,
): Promise<Digest> {
  const { what } = response;
  if (!signedPart && contentTypeOf(response) === mediaTypes.dockerSchema1Signed) {
    throw new GantryError("unsupported", `${what}: Docker's schema 1, whose digest is not that of its bytes`);
  }
  if (!isDigest(name)) {
    const claimed = response.headers.get("docker-content-digest") ?? "";
    return await digestManifest(bytes, claimed, { what, signedPart, digestBytes });
  }
  await checkManifest(bytes, name, { what, signedPart, digestBytes });
  return name;
}

/** Some servers compress although they were asked not to. No JSON begins like a gzip file. */
async function readPlain(response: HttpResponse, limit: number): Promise<Bytes> {
  const bytes = await response.bytes(limit);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const plain = streamOf(bytes).pipeThrough(new DecompressionStream("gzip")) as ReadableStream<Bytes>;
  return await readAll(plain, { limit, what: response.what }).catch((cause) => {
    if (GantryError.is(cause)) throw cause;
    throw new GantryError("unavailable", `${response.what}: what came compressed is cut short`, { cause });
  });
}

/** The media type of a body, without parameters. */
export function contentTypeOf({ headers }: HttpResponse): string {
  return (headers.get("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
}
