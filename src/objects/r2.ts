import type { Bytes } from "../bytes.ts";
import { streamOf } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
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

/** What R2 tells of an object. */
export interface R2ObjectLike {
  /** Its key. */
  readonly key: string;
  /** Its bytes. */
  readonly size: number;
  /** Its entity tag, without quotes. */
  readonly etag: string;
  /** When it was put. */
  readonly uploaded: Date;
  /** Its bytes, where they were asked for. */
  readonly body?: ReadableStream | null;
}

/** An upload in parts. */
export interface R2MultipartLike {
  /** Its name. */
  readonly uploadId: string;
  /** Uploads a part. */
  uploadPart(number: number, bytes: Uint8Array): Promise<{ partNumber: number; etag: string }>;
  /** Makes an object of them. */
  complete(parts: { partNumber: number; etag: string }[]): Promise<unknown>;
  /** Forgets them. */
  abort(): Promise<void>;
}

/** As much of a Worker's binding to R2 as is used: https://developers.cloudflare.com/r2/api/workers/workers-api-reference/ */
export interface R2BucketLike {
  /** What is known of an object. */
  head(key: string): Promise<R2ObjectLike | null>;
  /** An object, in whole or in part. */
  get(
    key: string,
    options?: { range?: { offset: number; length?: number } },
  ): Promise<R2ObjectLike | null>;
  /** Puts an object; null where the condition does not hold. */
  put(
    key: string,
    bytes: Uint8Array,
    options?: { onlyIf?: { etagMatches?: string; etagDoesNotMatch?: string } },
  ): Promise<R2ObjectLike | null>;
  /** Removes an object. */
  delete(key: string): Promise<void>;
  /** Lists objects. */
  list(options: {
    prefix: string;
    delimiter?: string;
    startAfter?: string;
    cursor?: string;
    limit?: number;
  }): Promise<{ objects: R2ObjectLike[]; delimitedPrefixes: string[]; truncated: boolean; cursor?: string }>;
  /** Begins an upload in parts. */
  createMultipartUpload(key: string): Promise<R2MultipartLike>;
  /** Goes on with one. */
  resumeMultipartUpload(key: string, id: string): R2MultipartLike;
}

/**
 * A Worker's binding to a bucket of R2. It compares before it puts; it cannot compare before it deletes.
 *
 * @example A registry in a Worker: `export default { fetch: (request, env) => registry(env.IMAGES)(request) }`
 * ```ts
 * import { objects, r2, type R2BucketLike } from "@gantry/oci/objects";
 * import { server } from "@gantry/oci/server";
 *
 * const registry = (images: R2BucketLike) => server({ repositories: objects({ bucket: r2(images) }) });
 * console.log(typeof registry);
 * ```
 */
export function r2(binding: R2BucketLike, name = "R2"): Bucket {
  return new R2Bucket(binding, name);
}

class R2Bucket implements Bucket {
  readonly name: string;
  readonly #binding: R2BucketLike;

  constructor(binding: R2BucketLike, name: string) {
    this.#binding = binding;
    this.name = name;
  }

  head(key: string, options: Options = {}): Promise<ObjectFacts | undefined> {
    return this.#do(`look for ${key}`, options, async () => factsOf(await this.#binding.head(key)));
  }

  get(key: string, { start = 0, end, signal }: GetOptions = {}): Promise<OpenObject | undefined> {
    return this.#do(`read ${key}`, { signal }, async () => {
      if (start === 0 && end === undefined) return opened(await this.#binding.get(key));
      // A range that is not inside the object is an error.
      const there = factsOf(await this.#binding.head(key));
      const stop = Math.min(end ?? Infinity, there?.size ?? 0);
      if (!there || start >= stop) return there && { ...there, body: streamOf(new Uint8Array(0)) };
      return opened(await this.#binding.get(key, { range: { offset: start, length: stop - start } }));
    });
  }

  put(key: string, bytes: Bytes, { expect, signal }: PutOptions = {}): Promise<string> {
    return this.#do(`put ${key}`, { signal }, async () => {
      const onlyIf = expect === null ? { etagDoesNotMatch: "*" } : { etagMatches: expect };
      const put = await this.#binding.put(key, bytes, expect === undefined ? {} : { onlyIf } as object);
      if (put) return put.etag;
      throw new GantryError("conflict", `put ${key} in ${this.name}: another was faster`);
    });
  }

  delete(key: string, { expect, signal }: PutOptions = {}): Promise<void> {
    return this.#do(`delete ${key}`, { signal }, async () => {
      const now = expect === undefined ? undefined : (await this.#binding.head(key))?.etag;
      if (now !== undefined && now !== expect) {
        throw new GantryError("conflict", `delete ${key} in ${this.name}: another was faster`);
      }
      await this.#binding.delete(key);
    });
  }

  list({ prefix, delimiter, after, cursor, limit, signal }: ListOptions): Promise<Page> {
    return this.#do(`list ${prefix}`, { signal }, async () => {
      const page = await this.#binding.list({
        prefix,
        ...(delimiter !== undefined && { delimiter }),
        ...(after !== undefined && { startAfter: after }),
        ...(cursor !== undefined && { cursor }),
        ...(limit !== undefined && { limit }),
      });
      return {
        objects: page.objects.map((object) => factsOf(object)!),
        prefixes: page.delimitedPrefixes,
        ...(page.truncated && { cursor: page.cursor }),
      };
    });
  }

  startMultipart(key: string, options: Options = {}): Promise<Multipart> {
    return this.#do(`begin an upload of ${key}`, options, async () => {
      const { uploadId } = await this.#binding.createMultipartUpload(key);
      return { key, id: uploadId };
    });
  }

  putPart(
    { key, id }: Multipart,
    number: number,
    bytes: Bytes,
    options: Options = {},
  ): Promise<UploadedPart> {
    return this.#do(`put part ${number} of ${key}`, options, async () => {
      const { etag } = await this.#binding.resumeMultipartUpload(key, id).uploadPart(number, bytes);
      return { number, etag };
    });
  }

  completeMultipart(
    { key, id }: Multipart,
    parts: readonly UploadedPart[],
    options: Options = {},
  ): Promise<void> {
    return this.#do(`complete ${key}`, options, async () => {
      const listed = parts.map(({ number, etag }) => ({ partNumber: number, etag }));
      await this.#binding.resumeMultipartUpload(key, id).complete(listed);
    });
  }

  abortMultipart({ key, id }: Multipart, options: Options = {}): Promise<void> {
    return this.#do(`give up the upload of ${key}`, options, async () => {
      // One that is not there is what is wanted: (10024).
      await this.#binding.resumeMultipartUpload(key, id).abort().catch((error) => {
        if (!/\(10024\)|does not exist/.test(String(error))) throw error;
      });
    });
  }

  /** R2 throws plain errors, with its own numbers in their messages. */
  async #do<T>(action: string, { signal }: Options, work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (GantryError.is(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new GantryError("unavailable", `${action} in ${this.name}: ${reason}`, { cause: error });
    }
  }
}

/** A Worker has the clock of Cloudflare, as R2 has. */
function factsOf(object: R2ObjectLike | null): ObjectFacts | undefined {
  if (!object) return undefined;
  const { key, size, etag, uploaded } = object;
  return { key, size, etag, modified: new Date(uploaded), now: new Date() };
}

function opened(object: R2ObjectLike | null): OpenObject | undefined {
  const facts = factsOf(object);
  return facts && { ...facts, body: object!.body as ReadableStream<Bytes> };
}
