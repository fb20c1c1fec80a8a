import { type Bytes, observed } from "../bytes.ts";
import type { Target } from "../content/contracts.ts";
import { readVerified } from "../content/read.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { RequestContext } from "./request_context.ts";
import { empty, sized } from "./responses.ts";
import { etagOf, hasAlready, rangeOf, type Span, unchanging } from "./conditions.ts";
import { fileBody } from "./file_body.ts";
import { httpError, orNotFound } from "./http_error.ts";
import type { RouteTo } from "./routes.ts";
import { targetMethod } from "./target_method.ts";

/** GET and HEAD of a blob, whole or in part. */
export async function getBlob(
  context: RequestContext,
  { repository, digest }: RouteTo<"blob">,
): Promise<Response> {
  const { request, signal } = context;
  const target = await context.target(repository);
  const { descriptor } = await orNotFound(
    target.resolve(digest, { role: "blob", signal }),
    "BLOB_UNKNOWN",
    `blob ${digest} is not in ${repository}`,
  );
  const headers: Record<string, string> = {
    "accept-ranges": "bytes",
    "docker-content-digest": digest,
    etag: etagOf(digest),
    "cache-control": unchanging,
  };
  if (hasAlready(request.headers, digest)) return empty(304, headers);

  const { size } = descriptor;
  headers["content-type"] = "application/octet-stream";
  headers["content-length"] = String(size);
  if (request.method === "HEAD") return new Response(null, { headers });
  const range = rangeOf(request.headers, size, digest);
  if (range === "unsatisfiable") {
    throw httpError(416, "SIZE_INVALID", `blob ${digest} has ${size} bytes`, {
      headers: { "content-range": `bytes */${size}` },
    });
  }
  const blob = { digest, size };
  // The storage would not know the entity tag of `If-Range`.
  const elsewhere = context.redirect && !request.headers.has("if-range")
    ? await target.presigned?.(blob, { signal })
    : undefined;
  if (elsewhere !== undefined) {
    return empty(307, { "docker-content-digest": digest, location: elsewhere });
  }
  const body = await openBlob(context, target, blob, range);
  if (!range) return new Response(sized(body, size), { headers });
  headers["content-length"] = String(range.end - range.start);
  headers["content-range"] = `bytes ${range.start}-${range.end - 1}/${size}`;
  return new Response(sized(body, range.end - range.start), { status: 206, headers });
}

/** The bytes of a blob, verified unless they are sent as the target keeps them. */
async function openBlob(
  { keptVerified, signal }: RequestContext,
  target: Target,
  blob: Pick<Descriptor, "digest" | "size">,
  range: Span | undefined,
): Promise<ReadableStream<Bytes>> {
  const path = keptVerified ? await target.file?.(blob) : undefined;
  const open = () =>
    range ? openSpan(target, blob, range, signal) : readVerified(target, blob, { role: "blob", signal });
  return path === undefined
    ? await open()
    : fileBody({ path, size: blob.size, start: 0, end: blob.size, ...range }, open);
}

/** DELETE of a blob. */
export async function deleteBlob(
  context: RequestContext,
  { repository, digest }: RouteTo<"blob">,
): Promise<Response> {
  const target = await context.target(repository);
  const remove = targetMethod(target, "delete", "delete");
  await orNotFound(
    remove({ digest }, { role: "blob", signal: context.signal }),
    "BLOB_UNKNOWN",
    `blob ${digest} is not in ${repository}`,
  );
  return empty(202);
}

/** Part of a blob. Its digest cannot be checked, but its length is. */
async function openSpan(
  target: Target,
  blob: Pick<Descriptor, "digest" | "size">,
  { start, end }: Span,
  signal: AbortSignal,
): Promise<ReadableStream<Bytes>> {
  let left = end - start;
  const check = (right: boolean) => {
    if (right) return;
    throw new GantryError(
      "size-mismatch",
      `read blob ${blob.digest}: not ${end - start} bytes from ${start}`,
    );
  };
  return observed(await target.open(blob, { role: "blob", start, end, signal }), {
    chunk: (chunk) => check((left -= chunk.byteLength) >= 0),
    done: () => check(left === 0),
  });
}
