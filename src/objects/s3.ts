import { type Bytes, concat, readAll, sameBytes, streamOfPieces, utf8 } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { Once } from "../content/once.ts";
import { GantryError } from "../errors.ts";
import type { HttpResponse } from "../http/response.ts";
import { element, elements, escaped, requiredElement } from "../http/xml.ts";
import type {
  Bucket,
  GetOptions,
  ListOptions,
  Multipart,
  ObjectFacts,
  OpenObject,
  Page,
  PutOptions,
  UploadedPart,
} from "./bucket.ts";
import { encodeKey, errorOf, isTransient, refusal, S3Client, type S3Options, textOf } from "./s3_client.ts";

/** Bytes of what is copied with one request, and of the parts of what has more: https://docs.aws.amazon.com/AmazonS3/latest/userguide/copy-object.html */
const largestCopy = 5 * 1024 ** 3, copiedPart = 1024 ** 3;
/** Bytes of a page of a list: a thousand keys of a thousand characters, each of them encoded. */
const pageLimit = 16 * 1024 * 1024;
/** Bytes that are handed on at once: each handing on costs about as much as reading so many. */
const pieceSize = 256 * 1024;
/** Milliseconds that a server may take for each part when it puts them together, which some do before they answer. */
const partTime = 1000;
/** Milliseconds between two looks for what is being put together. */
const pause = 500;

/**
 * A bucket of Amazon's S3, or of a server that speaks like it and compares before it puts (`If-Match`,
 * `If-None-Match`). One that does not is found out by the first put that needs it, which fails as `unsupported`.
 *
 * @throws {GantryError} `invalid-name` for what cannot be the name of a bucket, or the address of a server.
 *
 * @example
 * ```ts
 * import { objects, s3 } from "@gantry/oci/objects";
 *
 * const bucket = s3({
 *   bucket: "images",
 *   endpoint: "http://localhost:9000",
 *   credentials: () => ({ accessKeyId: "K", secretAccessKey: "S" }),
 * });
 * const repositories = objects({ bucket, prefix: "registry" });
 * console.log(typeof repositories("acme/app").resolve);
 * ```
 */
export function s3(options: S3Options): Bucket {
  return new S3Bucket(new S3Client(options));
}

class S3Bucket implements Bucket {
  /** versitygw keeps the list of parts in one attribute of a file, in which ext4 has room for some 450 of them. */
  readonly partSize = 16 * 1024 * 1024;
  readonly #client: S3Client;
  /** Kept once the server has been seen to compare. */
  #compared: Once<void> | undefined;

  constructor(client: S3Client) {
    this.#client = client;
  }

  get name(): string {
    return this.#client.name;
  }

  head(key: string, { signal }: Options = {}): Promise<ObjectFacts | undefined> {
    const request = { action: `look for ${key}`, method: "HEAD", key, expected: [404], signal };
    return this.#client.send(request, async (response) => {
      await response.discard();
      return response.status === 404 ? undefined : this.#factsOf(key, response, sizeOf(response));
    });
  }

  async get(key: string, options: GetOptions = {}): Promise<OpenObject | undefined> {
    const { start = 0, end = Infinity, signal } = options;
    const response = await this.#open(key, { start, end, signal });
    if (!response) return undefined;
    if (response.status === 416) {
      // Nothing is there from `start` on, which is right at the end.
      await response.discard();
      const facts = await this.head(key, { signal });
      return facts && { ...facts, body: streamOfPieces(nothing()) };
    }
    const size = sizeOf(response);
    const facts = this.#factsOf(key, response, size);
    const stop = Math.min(size, end);
    return { ...facts, body: streamOfPieces(this.#read(response, facts, { start, end: stop, signal })) };
  }

  async put(key: string, bytes: Bytes, options: PutOptions = {}): Promise<string> {
    const etag = await this.#put(key, bytes, options).catch((error) => {
      // minio says so too while it removes a directory that has become empty.
      if (refusal(error) !== "AccessDenied") throw error;
      return this.#put(key, bytes, options);
    });
    if (options.expect !== undefined) {
      this.#compared ??= new Once((signal) => this.#seeCompared(key, bytes, { signal }));
      await this.#compared.get(options.signal);
    }
    return etag;
  }

  /**
   * A server that knows no conditions puts whatever it is given, and of two writers one would be lost without a word. So
   * the first of them is followed by one that has to be refused, and that would change nothing.
   */
  #seeCompared(key: string, bytes: Bytes, { signal }: Options): Promise<void> {
    const headers = conditionOf(`"${"0".repeat(32)}"`);
    const action = `see whether ${key} is compared`;
    const request = { action, method: "PUT", key, headers, body: bytes, expected: [403, 404, 412], signal };
    return this.#client.send(request, async (response) => {
      await response.discard();
      if (response.status >= 300) return;
      const why = "the server does not compare before it puts (If-Match), as several writers need";
      throw new GantryError("unsupported", `put ${key} in ${this.name}: ${why}`);
    });
  }

  #put(key: string, bytes: Bytes, { expect, signal }: PutOptions): Promise<string> {
    const request = {
      action: `put ${key}`,
      method: "PUT",
      key,
      headers: conditionOf(expect),
      body: bytes,
      expected: [404, 412],
      signal,
    };
    return this.#client.send(request, async (response, uncertain) => {
      if (response.status < 300) {
        await response.discard();
        return etagOf(response);
      }
      const xml = await textOf(response);
      // What If-Match names is not there, or the bucket itself is not.
      if (response.status === 404 && (expect == null || element(xml, "Code") === "NoSuchBucket")) {
        throw errorOf(response, xml);
      }
      // The request whose answer did not arrive may have been ours.
      const own = uncertain ? await this.#sameAs(key, bytes, { signal }) : undefined;
      if (own !== undefined) return own;
      const cause = uncertain ? "the answer to a try before this one was lost" : undefined;
      throw new GantryError("conflict", `put ${key} in ${this.name}: another was faster`, { cause });
    });
  }

  delete(key: string, { expect, signal }: PutOptions = {}): Promise<void> {
    const request = {
      action: `delete ${key}`,
      method: "DELETE",
      key,
      headers: conditionOf(expect),
      expected: [404, 412],
      signal,
    };
    return this.#client.send(request, async (response) => {
      await response.discard();
      if (response.status !== 412) return;
      throw new GantryError("conflict", `delete ${key} in ${this.name}: another was faster`);
    });
  }

  async copy(from: ObjectFacts, to: string, { signal }: Options = {}): Promise<void> {
    if (from.size <= largestCopy) return await this.#copy(from, to, { signal });
    const multipart = await this.startMultipart(to, { signal });
    try {
      const parts: UploadedPart[] = [];
      for (let start = 0; start < from.size; start += copiedPart) {
        const range = `bytes=${start}-${Math.min(start + copiedPart, from.size) - 1}`;
        const number = parts.length + 1;
        parts.push({ number, etag: await this.#copyPart(from, multipart, number, range, { signal }) });
      }
      await this.completeMultipart(multipart, parts, { signal });
    } catch (error) {
      await this.abortMultipart(multipart).catch(() => {});
      throw error;
    }
  }

  #copy(from: ObjectFacts, key: string, { signal }: Options): Promise<void> {
    const action = `copy ${from.key} to ${key}`;
    const request = { action, method: "PUT", key, headers: this.#sourceOf(from), expected: [404], signal };
    return this.#client.send(request, async (response) => void await this.#copied(response, action));
  }

  #copyPart(
    from: ObjectFacts,
    { key, id }: Multipart,
    number: number,
    range: string,
    { signal }: Options,
  ): Promise<string> {
    const action = `copy part ${number} of ${from.key} to ${key}`;
    const headers = { ...this.#sourceOf(from), "x-amz-copy-source-range": range };
    const query = { partNumber: String(number), uploadId: id };
    const request = { action, method: "PUT", key, query, headers, expected: [404], signal };
    return this.#client.send(request, (response) => this.#copied(response, action));
  }

  /** What is copied has to be what was found. */
  #sourceOf({ key, etag }: ObjectFacts): Record<string, string> {
    return {
      "x-amz-copy-source": `/${this.#client.bucket}/${encodeKey(key)}`,
      "x-amz-copy-source-if-match": etag,
    };
  }

  async #copied(response: HttpResponse, action: string): Promise<string> {
    const xml = await textOf(response);
    const code = element(xml, "Code");
    if (response.status === 404 && code === "NoSuchKey") {
      throw new GantryError("not-found", `${action} in ${this.name}: it is not there`);
    }
    // The server begins its answer before it knows how it will end.
    if (response.status === 404 || code !== undefined) throw errorOf(response, xml);
    return requiredElement(xml, "ETag", action);
  }

  presigned(key: string, { signal }: Options = {}): Promise<string> {
    return this.#client.presigned(key, { signal });
  }

  list({ prefix, delimiter, after, cursor, limit, signal }: ListOptions): Promise<Page> {
    const query = {
      "list-type": "2",
      "encoding-type": "url",
      prefix,
      ...(delimiter !== undefined && { delimiter }),
      ...(after !== undefined && cursor === undefined && { "start-after": after }),
      ...(cursor !== undefined && { "continuation-token": cursor }),
      ...(limit !== undefined && { "max-keys": String(limit) }),
    };
    const action = `list ${prefix || "keys"}`;
    return this.#client.send({ action, method: "GET", key: "", query, signal }, async (response) => {
      const xml = await textOf(response, pageLimit);
      const now = this.#now(response);
      // versitygw does not encode, and says nothing.
      const read = element(xml, "EncodingType") === "url" ? decoded : (key: string) => key;
      const objects = elements(xml, "Contents").map((entry) => ({
        key: read(requiredElement(entry, "Key", action)),
        size: Number(requiredElement(entry, "Size", action)),
        etag: requiredElement(entry, "ETag", action),
        modified: new Date(requiredElement(entry, "LastModified", action)),
        now,
      }));
      const prefixes = elements(xml, "CommonPrefixes")
        .map((entry) => read(requiredElement(entry, "Prefix", action)));
      const more = requiredElement(xml, "IsTruncated", action) === "true";
      return {
        objects,
        prefixes,
        ...(more && { cursor: requiredElement(xml, "NextContinuationToken", action) }),
      };
    });
  }

  startMultipart(key: string, { signal }: Options = {}): Promise<Multipart> {
    const action = `begin an upload of ${key}`;
    return this.#client.send(
      { action, method: "POST", key, query: { uploads: "" }, signal },
      async (response) => ({ key, id: requiredElement(await textOf(response), "UploadId", action) }),
    );
  }

  putPart(
    { key, id }: Multipart,
    number: number,
    bytes: Bytes,
    { signal }: Options = {},
  ): Promise<UploadedPart> {
    const query = { partNumber: String(number), uploadId: id };
    const request = {
      action: `put part ${number} of ${key}`,
      method: "PUT",
      key,
      query,
      body: bytes,
      signal,
    };
    return this.#client.send(request, async (response) => {
      await response.discard();
      return { number, etag: etagOf(response) };
    });
  }

  async completeMultipart(
    { key, id }: Multipart,
    parts: readonly UploadedPart[],
    { signal }: Options = {},
  ): Promise<void> {
    const listed = parts.map(({ number, etag }) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>${escaped(etag)}</ETag></Part>`
    );
    const body = utf8(`<CompleteMultipartUpload>${listed.join("")}</CompleteMultipartUpload>`);
    const [action, timeout] = [`complete ${key}`, 30_000 + parts.length * partTime];
    const request = { action, method: "POST", key, query: { uploadId: id }, body, timeout, signal };
    await this.#client.send(request, async (response) => {
      const xml = await textOf(response);
      // The server begins its answer before it knows how it will end.
      if (element(xml, "Code") !== undefined) throw errorOf(response, xml);
    });
    // versitygw says so too while it is still at it, for a request before this one.
    for (let waited = 0; !await this.head(key, { signal }); waited += pause) {
      if (waited > timeout) {
        throw new GantryError("unavailable", `${action} in ${this.name}: it is not there`);
      }
      await this.#client.sleep(pause, signal);
    }
  }

  abortMultipart({ key, id }: Multipart, { signal }: Options = {}): Promise<void> {
    const request = {
      action: `give up the upload of ${key}`,
      method: "DELETE",
      key,
      query: { uploadId: id },
      expected: [404],
      signal,
    };
    return this.#client.send(request, (response) => response.discard());
  }

  /** Opens an object, or the part of it; nothing where it is not there. */
  #open(
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
    return this.#client.send(request, async (response) => {
      if (part && response.status === 200) {
        await response.discard();
        throw new GantryError("unavailable", `${action} in ${this.name}: it does not give parts`);
      }
      if (response.status !== 404) return response;
      const xml = await textOf(response);
      if (element(xml, "Code") === "NoSuchBucket") throw errorOf(response, xml);
      return undefined;
    });
  }

  /** The bytes of a response; where it breaks off, those of the next one. */
  async *#read(
    first: HttpResponse,
    { key, etag }: ObjectFacts,
    { start, end, signal }: Options & { start: number; end: number },
  ): AsyncGenerator<Bytes, void, void> {
    const tries = this.#client.tries();
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
        const next = await this.#open(key, { start: at, end, etag, signal });
        if (!next) throw failure;
        response = next;
      }
    } finally {
      await response.discard();
    }
  }

  /** The entity tag of an object that has just these bytes. */
  async #sameAs(key: string, bytes: Bytes, { signal }: Options): Promise<string | undefined> {
    const found = await this.get(key, { signal });
    if (found?.size !== bytes.byteLength) {
      await found?.body.cancel();
      return undefined;
    }
    const there = await readAll(found.body, { limit: bytes.byteLength, what: key, signal });
    return sameBytes(there, bytes) ? found.etag : undefined;
  }

  #factsOf(key: string, response: HttpResponse, size: number): ObjectFacts {
    const now = this.#now(response);
    const modified = new Date(response.headers.get("last-modified") ?? now);
    return { key, size, etag: etagOf(response), modified, now };
  }

  /** The time by the clock of the server. */
  #now({ headers }: HttpResponse): Date {
    const date = new Date(headers.get("date") ?? NaN);
    return Number.isNaN(date.getTime()) ? new Date(this.#client.now()) : date;
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

function conditionOf(expect: string | null | undefined): Record<string, string> {
  if (expect === undefined) return {};
  return expect === null ? { "if-none-match": "*" } : { "if-match": expect };
}

function etagOf({ headers, what }: HttpResponse): string {
  const etag = headers.get("etag");
  if (etag) return etag;
  throw new GantryError("unavailable", `${what}: the answer has no entity tag`);
}

/** The size of an object of which this is all, or a part. */
function sizeOf(response: HttpResponse): number {
  const [, total] = /^bytes \d+-\d+\/(\d+)$/.exec(response.headers.get("content-range") ?? "") ?? [];
  const size = response.status === 206 ? Number(total) : response.length;
  if (size !== undefined && Number.isSafeInteger(size)) return size;
  throw new GantryError("unavailable", `${response.what}: the answer does not tell the size`);
}

/** A key as `encoding-type=url` has it. */
function decoded(key: string): string {
  return decodeURIComponent(key.replaceAll("+", " "));
}

async function* nothing(): AsyncGenerator<Bytes, void, void> {}
