import { type Bytes, concat } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { HttpResponse } from "../http/response.ts";
import { element } from "../http/xml.ts";
import type { ObjectFacts } from "./bucket.ts";
import { errorOf, isTransient, type S3Client, textOf } from "./s3_client.ts";

/** Bytes that are handed on at once: each handing on costs about as much as reading so many. */
const pieceSize = 256 * 1024;

/** Opens an object, or a part of it; nothing where it is not there. */
export function openObject(
  client: S3Client,
  key: string,
  { start, end, etag, signal }: Options & { start: number; end: number; etag?: string },
): Promise<HttpResponse | undefined> {
  const last = end < Infinity ? Math.max(start, end - 1) : "";
  const part = start > 0 || last !== "";
  const headers = {
    ...(part && { range: `bytes=${start}-${last}` }),
    ...(etag !== undefined && { "if-match": etag }),
  };
  const action = `read ${key}`;
  const request = { action, method: "GET", key, headers, expected: [404, 416], signal };
  return client.send(request, async (response) => {
    if (part && response.status === 200) {
      await response.discard();
      throw new GantryError("unavailable", `${action} in ${client.name}: it does not give parts`);
    }
    if (response.status !== 404) return response;
    const xml = await textOf(response);
    if (element(xml, "Code") === "NoSuchBucket") throw errorOf(response, xml);
    return undefined;
  });
}

/** The bytes of a response; where it breaks off, those of the next one. */
export async function* readObject(
  client: S3Client,
  first: HttpResponse,
  { key, etag }: ObjectFacts,
  { start, end, signal }: Options & { start: number; end: number },
): AsyncGenerator<Bytes, void, void> {
  const tries = client.tries();
  let response = first;
  try {
    for (let at = start; at < end;) {
      const { bytes: came, failure } = await readPiece(response, Math.min(pieceSize, end - at));
      const bytes = came.subarray(0, end - at);
      at += bytes.byteLength;
      if (bytes.byteLength > 0) {
        tries.progressed();
        yield bytes;
      }
      if (failure === undefined) continue;
      if (signal?.aborted || !isTransient(failure) || !await tries.again({ signal })) throw failure;
      await response.discard();
      const next = await openObject(client, key, { start: at, end, etag, signal });
      if (!next) throw failure;
      response = next;
    }
  } finally {
    await response.discard();
  }
}

/** Reads about as much, or what came until it failed. */
async function readPiece(
  response: HttpResponse,
  length: number,
): Promise<{ bytes: Bytes; failure?: unknown }> {
  const chunks: Bytes[] = [];
  let left = length;
  try {
    while (left > 0) {
      const chunk = await response.read();
      if (!chunk) throw new GantryError("unavailable", `${response.what}: it ends ${left} bytes too early`);
      chunks.push(chunk);
      left -= chunk.byteLength;
    }
    return { bytes: concat(chunks) };
  } catch (failure) {
    return { bytes: concat(chunks), failure };
  }
}
