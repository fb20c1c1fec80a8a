import { type Bytes, readAll, streamOf } from "../bytes.ts";
import { readDocument } from "../content/read.ts";
import { digestBytes } from "../digest/hasher.ts";
import { GantryError } from "../errors.ts";
import { algorithmOf, type Digest } from "../spec/digest.ts";
import { type Document, parseDocument } from "../spec/document.ts";
import { isTag } from "../spec/reference.ts";
import type { RequestContext } from "./request_context.ts";
import { empty } from "./responses.ts";
import { requireChildren } from "./children.ts";
import { etagOf, hasAlready, unchanging } from "./conditions.ts";
import { httpError, orNotFound } from "./http_error.ts";
import type { Reference, RouteTo } from "./routes.ts";
import { targetMethod } from "./target_method.ts";

/** How many tags a manifest gets at once. */
const mostTags = 100;

/** GET and HEAD of a manifest. */
export async function getManifest(context: RequestContext, route: RouteTo<"manifest">): Promise<Response> {
  const { request, signal } = context;
  const target = await context.target(route.repository);
  const whole = request.method !== "HEAD";
  const { descriptor, document } = await orNotFound(
    target.resolve(nameOf(route.reference), { role: "manifest", document: whole, signal }),
    ...unknownManifest(route),
  );
  const headers = {
    "docker-content-digest": descriptor.digest,
    etag: etagOf(descriptor.digest),
    ...(route.reference.digest && { "cache-control": unchanging }),
  };
  if (hasAlready(request.headers, descriptor.digest)) return empty(304, headers);
  const bytes = whole
    ? document ??
      await readDocument(target, descriptor, { role: "manifest", limit: context.manifestLimit, signal })
    : null;
  return new Response(bytes, {
    headers: {
      ...headers,
      "content-type": descriptor.mediaType,
      "content-length": String(bytes?.byteLength ?? descriptor.size),
    },
  });
}

/** PUT of a manifest under a tag or its digest. */
export async function putManifest(context: RequestContext, route: RouteTo<"manifest">): Promise<Response> {
  const { repository, reference } = route;
  const { request, signal } = context;
  const tags = tagsFor(context.url, reference);
  const bytes = await readBody(context);
  const document = parse(bytes, request.headers.get("content-type"));
  const digest = await digestBytes(bytes, reference.digest ? algorithmOf(reference.digest) : "sha256");
  if (reference.digest && reference.digest !== digest) {
    throw httpError(400, "DIGEST_INVALID", `the manifest's digest is ${digest}`);
  }
  const target = await context.target(repository);
  await requireChildren(target, document, { sparse: context.sparse, signal });
  const { descriptor } = await orRefused(target.write({
    mediaType: document.mediaType,
    digest,
    size: bytes.byteLength,
    replayable: true,
    open: ({ start = 0 } = {}) => Promise.resolve(streamOf(bytes.subarray(start))),
  }, { role: "manifest", name: tags[0], signal }));
  for (const tag of tags.slice(1)) await orRefused(target.tag(tag, descriptor, { signal }));

  const { subject } = document.kind === "manifest" ? document.manifest : document.index;
  return empty(201, {
    location: `/v2/${repository}/manifests/${digest}`,
    "docker-content-digest": digest,
    ...(subject && { "oci-subject": subject.digest }),
    ...(reference.digest && tags.length > 0 && { "oci-tag": tags.join(", ") }),
  });
}

/**
 * The tags that a manifest gets: the one in its path, or all that are given beside its digest.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests
 */
function tagsFor(url: URL, { tag, digest }: Reference): string[] {
  const given = url.searchParams.getAll("tag");
  if (digest === undefined && given.length > 0) {
    throw httpError(400, "TAG_INVALID", "tags are given beside a digest, not beside a tag");
  }
  if (given.length > mostTags) throw httpError(414, "TAG_INVALID", `more than ${mostTags} tags at once`);
  if (given.some((one) => !isTag(one))) {
    throw httpError(400, "TAG_INVALID", "the tag does not follow the grammar");
  }
  return tag === undefined ? [...new Set(given)] : [tag];
}

/** A repository that is a layout lists its manifests in one file; another may give a tag once. */
async function orRefused<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (GantryError.is(error, "denied")) {
      throw httpError(403, "DENIED", "access is denied, or the tag belongs to another manifest for good");
    }
    if (!GantryError.is(error, "too-large")) throw error;
    const reason = "it lists as many manifests as it can: delete some first";
    throw httpError(413, "SIZE_INVALID", `the repository takes no more: ${reason}`);
  }
}

/** DELETE of a tag, or of a manifest with all its tags. */
export async function deleteManifest(context: RequestContext, route: RouteTo<"manifest">): Promise<Response> {
  const { reference, repository } = route;
  const { signal } = context;
  const target = await context.target(repository);
  const work = reference.digest
    ? targetMethod(target, "delete", "delete")({ digest: reference.digest }, { role: "manifest", signal })
    : targetMethod(target, "untag", "remove a tag")(reference.tag, { signal });
  await orNotFound(work, ...unknownManifest(route)).catch((error) => {
    if (!GantryError.is(error, "unsupported")) throw error;
    const reason = "an index that names it, if there is one, must go first";
    throw httpError(405, "UNSUPPORTED", `manifest ${nameOf(reference)} cannot be deleted here: ${reason}`);
  });
  return empty(202);
}

function nameOf(reference: Reference): string | Digest {
  return reference.digest ?? reference.tag;
}

function unknownManifest({ repository, reference }: RouteTo<"manifest">): ["MANIFEST_UNKNOWN", string] {
  return ["MANIFEST_UNKNOWN", `manifest ${nameOf(reference)} is not in ${repository}`];
}

/** The whole body of a request. It is refused as soon as it turns out to be too long. */
async function readBody({ request, manifestLimit: limit, signal }: RequestContext): Promise<Bytes> {
  const tooLarge = () => httpError(413, "SIZE_INVALID", `the manifest is longer than ${limit} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw tooLarge();
  const body = request.body as ReadableStream<Bytes> | null;
  if (!body) throw httpError(400, "MANIFEST_INVALID", "the manifest is empty");
  try {
    return await readAll(body, { limit, what: "manifest", signal });
  } catch (error) {
    throw GantryError.is(error, "too-large") ? tooLarge() : error;
  }
}

function parse(bytes: Bytes, mediaType: string | null): Exclude<Document, { kind: "schema1" }> {
  try {
    const document = parseDocument(bytes, { mediaType, what: "manifest" });
    if (document.kind !== "schema1") return document;
  } catch (error) {
    if (GantryError.is(error)) throw httpError(400, "MANIFEST_INVALID", error.message);
    throw error;
  }
  throw httpError(400, "MANIFEST_INVALID", "manifests of Docker's schema 1 are not taken");
}
