import { type Bytes, readAll, sameBytes, streamOfPieces, utf8 } from "../bytes.ts";
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
import { errorOf, refusal, S3Client, type S3Options, textOf } from "./s3_client.ts";
import { copyObject } from "./s3_copy.ts";
import { openObject, readObject } from "./s3_read.ts";

/** Bytes of a page of a list: a thousand keys of a thousand characters, each of them encoded. */
const pageLimit = 16 * 1024 * 1024;
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
  /** Whether the server has been seen to compare, and the look that is under way. */
  #compares = false;
  #looking: Once<void> | undefined;

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
    const response = await openObject(this.#client, key, { start, end, signal });
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
    return {
      ...facts,
      body: streamOfPieces(readObject(this.#client, response, facts, { start, end: stop, signal })),
    };
  }

  async put(key: string, bytes: Bytes, options: PutOptions = {}): Promise<string> {
    const etag = await this.#put(key, bytes, options).catch((error) => {
      // minio says so too while it removes a directory that has become empty.
      if (refusal(error) !== "AccessDenied") throw error;
      return this.#put(key, bytes, options);
    });
    if (options.expect !== undefined && !this.#compares) {
      this.#looking ??= new Once((signal) => this.#seeCompared(key, bytes, { signal }));
      await this.#looking.get(options.signal);
    }
    return etag;
  }

  /**
   * A server that knows no conditions puts whatever it is given, and of two writers one would be lost without a word. So
   * the first of them is followed by one that has to be refused, and that would change nothing.
   */
  async #seeCompared(key: string, bytes: Bytes, { signal }: Options): Promise<void> {
    const headers = conditionOf(`"${"0".repeat(32)}"`);
    const action = `see whether ${key} is compared`;
    const request = { action, method: "PUT", key, headers, body: bytes, expected: [403, 404, 412], signal };
    try {
      await this.#client.send(request, async (response) => {
        await response.discard();
        if (response.status >= 300) return;
        const why = "the server does not compare before it puts (If-Match), as several writers need";
        throw new GantryError("unsupported", `put ${key} in ${this.name}: ${why}`);
      });
      this.#compares = true;
    } finally {
      this.#looking = undefined; // the next look, if there has to be one, is at what is put then
    }
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

  copy(from: ObjectFacts, to: string, options: Options = {}): Promise<void> {
    return copyObject(this.#client, this, from, to, options);
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
