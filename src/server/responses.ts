import { type Bytes, utf8 } from "../bytes.ts";
import type { HttpError } from "./http_error.ts";

/** A response without a body. */
export function empty(status: number, headers: Record<string, string> = {}): Response {
  const length: Record<string, string> = status === 204 || status === 304 ? {} : { "content-length": "0" };
  return new Response(null, { status, headers: { ...length, ...headers } });
}

/** The response to a request that is refused. */
export function refusal({ status, entries, headers }: HttpError, request: Request): Response {
  return finished(json({ errors: entries }, status, headers), request);
}

/** A response with what all of them have, and without a body where only its headers were asked for. */
export function finished(response: Response, { method }: Request): Response {
  response.headers.set("docker-distribution-api-version", "registry/2.0");
  response.headers.set("x-content-type-options", "nosniff");
  return method === "HEAD" ? new Response(null, response) : response;
}

/** A JSON response. */
export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  const body = utf8(JSON.stringify(value));
  return new Response(body, {
    status,
    headers: { "content-type": "application/json", "content-length": String(body.byteLength), ...headers },
  });
}

/**
 * A body whose length its `Content-Length` tells. A Worker sends that header only with a stream of a class of its own:
 * https://developers.cloudflare.com/workers/runtime-apis/streams/transformstream/#fixedlengthstream
 */
export function sized(bytes: ReadableStream<Bytes>, length: number): ReadableStream<Bytes> {
  const { FixedLengthStream } = globalThis as {
    FixedLengthStream?: new (length: number) => TransformStream<Bytes, Bytes>;
  };
  return FixedLengthStream ? bytes.pipeThrough(new FixedLengthStream(length)) : bytes;
}
