import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import type { HttpResponse } from "../http/response.ts";
import { element, requiredElement } from "../http/xml.ts";
import type { Bucket, Multipart, ObjectFacts, UploadedPart } from "./bucket.ts";
import { encodeKey, errorOf, type S3Client, textOf } from "./s3_client.ts";

/** Bytes of what is copied with one request, and of the parts of what has more: https://docs.aws.amazon.com/AmazonS3/latest/userguide/copy-object.html */
const largestCopy = 5 * 1024 ** 3, copiedPart = 1024 ** 3;

/** Has the server copy an object, as it was found, in parts where it is larger than a request may copy. */
export async function copyObject(
  client: S3Client,
  bucket: Bucket,
  from: ObjectFacts,
  to: string,
  { signal }: Options,
): Promise<void> {
  if (from.size <= largestCopy) return await copyWhole(client, from, to, { signal });
  const multipart = await bucket.startMultipart(to, { signal });
  try {
    const parts: UploadedPart[] = [];
    for (let start = 0; start < from.size; start += copiedPart) {
      const range = `bytes=${start}-${Math.min(start + copiedPart, from.size) - 1}`;
      const number = parts.length + 1;
      parts.push({ number, etag: await copyPart(client, from, multipart, number, range, { signal }) });
    }
    await bucket.completeMultipart(multipart, parts, { signal });
  } catch (error) {
    await bucket.abortMultipart(multipart).catch(() => {});
    throw error;
  }
}

function copyWhole(
  client: S3Client,
  from: ObjectFacts,
  key: string,
  { signal }: Options,
): Promise<void> {
  const action = `copy ${from.key} to ${key}`;
  const request = { action, method: "PUT", key, headers: sourceOf(client, from), expected: [404], signal };
  return client.send(request, async (response) => void await copied(client, response, action));
}

function copyPart(
  client: S3Client,
  from: ObjectFacts,
  { key, id }: Multipart,
  number: number,
  range: string,
  { signal }: Options,
): Promise<string> {
  const action = `copy part ${number} of ${from.key} to ${key}`;
  const headers = { ...sourceOf(client, from), "x-amz-copy-source-range": range };
  const query = { partNumber: String(number), uploadId: id };
  const request = { action, method: "PUT", key, query, headers, expected: [404], signal };
  return client.send(request, (response) => copied(client, response, action));
}

/** What is copied has to be what was found. */
function sourceOf({ bucket }: S3Client, { key, etag }: ObjectFacts): Record<string, string> {
  return {
    "x-amz-copy-source": `/${bucket}/${encodeKey(key)}`,
    "x-amz-copy-source-if-match": etag,
  };
}

async function copied(
  { name }: S3Client,
  response: HttpResponse,
  action: string,
): Promise<string> {
  const xml = await textOf(response);
  const code = element(xml, "Code");
  if (response.status === 404 && code === "NoSuchKey") {
    throw new GantryError("not-found", `${action} in ${name}: it is not there`);
  }
  // The server begins its answer before it knows how it will end.
  if (response.status === 404 || code !== undefined) throw errorOf(response, xml);
  return requiredElement(xml, "ETag", action);
}
