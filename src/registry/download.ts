import type { Bytes } from "../bytes.ts";
import type { Address, OpenOptions } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { parseDigest } from "../spec/digest.ts";
import type { HttpResponse } from "../http/response.ts";
import { ensure } from "./errors.ts";
import type { Repository } from "./repository.ts";
import { Tries } from "../http/retry.ts";
import type { RegistryRequest } from "./request.ts";

/** Opens a blob, or a range of it. */
export async function openBlob(
  repository: Repository,
  what: Address,
  options: OpenOptions,
): Promise<ReadableStream<Bytes>> {
  const download = new Download(repository, what, options);
  await download.connect();
  return new ReadableStream<Bytes>({
    async pull(controller) {
      const chunk = await download.next();
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
    cancel: () => download.close(),
  }, { highWaterMark: 0 });
}

/** Whoever gets fewer bytes than this between two failures makes no progress. */
const progress = 1 << 20;

/** A download that resumes where its connection broke. */
class Download {
  readonly #repository: Repository;
  readonly #request: RegistryRequest;
  readonly #end: number;
  /** The offset of the next byte. */
  #at: number;
  /** The size of the blob, as soon as the descriptor or the registry has told it. */
  #size: number | undefined;
  /** Bytes to be skipped, where the registry ignores ranges. */
  #skip = 0;
  #response: HttpResponse | undefined;
  #connectedAt = 0;
  readonly #tries: Tries;

  constructor(
    repository: Repository,
    { digest, size }: Address,
    { start = 0, end = Infinity, signal }: OpenOptions,
  ) {
    parseDigest(digest);
    this.#repository = repository;
    this.#request = repository.request("GET", `blobs/${digest}`, {
      what: `read ${repository.reference(digest)}`,
      signal,
    });
    this.#tries = new Tries(repository.client.settings);
    this.#size = size;
    this.#at = start;
    this.#end = Math.max(start, end);
  }

  /** Requests the bytes from the offset on. */
  async connect(): Promise<void> {
    const { client } = this.#repository;
    const last = this.#end < Infinity ? Math.max(this.#at, this.#end - 1) : "";
    const all = this.#at === 0 && last === "";
    const headers: Record<string, string> = all ? {} : { range: `bytes=${this.#at}-${last}` };
    await this.close();
    const response = await client.send({ ...this.#request, headers });
    this.#response = response;
    this.#connectedAt = this.#at;
    try {
      if (response.status === 206) this.#takePart(response);
      else if (response.status === 200) this.#takeWhole(response);
      else if (response.status === 416) await this.#takeNothing(response);
      else await ensure(response);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** The next bytes; undefined at the end. */
  async next(): Promise<Bytes | undefined> {
    while (this.#at < this.#stop) {
      try {
        const chunk = await this.#response!.read();
        if (!chunk && this.#size === undefined) return undefined;
        if (!chunk) throw this.#wrongSize(this.#at);
        const wanted = chunk.subarray(this.#skip).subarray(0, this.#stop - this.#at);
        this.#skip = Math.max(0, this.#skip - chunk.byteLength);
        this.#at += wanted.byteLength;
        if (wanted.byteLength > 0) return wanted;
      } catch (error) {
        await this.#recover(error);
      }
    }
    await this.close();
    return undefined;
  }

  async close(): Promise<void> {
    await this.#response?.discard();
  }

  get #stop(): number {
    return Math.min(this.#end, this.#size ?? Infinity);
  }

  /** Connects again after a failure, unless that is hopeless. */
  async #recover(error: unknown): Promise<void> {
    const { signal } = this.#request;
    const progressed = this.#at - this.#connectedAt >= progress;
    if (progressed) this.#tries.progressed();
    // After decompression by the runtime, the offset in the compressed bytes is not known.
    const hopeless = !GantryError.is(error, "unavailable", "size-mismatch") || this.#response?.encoded;
    if (signal?.aborted || hopeless) throw error;
    if (!progressed && !await this.#tries.again({ signal })) throw error;
    await this.connect();
  }

  /** 206: the range must be the requested one, or its beginning. */
  #takePart({ headers }: HttpResponse): void {
    const header = headers.get("content-range") ?? "";
    const [, from, to, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(header.trim()) ?? [];
    if (
      Number(from) !== this.#at || !(Number(to) >= this.#at && Number(to) < Math.max(this.#end, this.#at + 1))
    ) {
      throw new GantryError(
        "invalid-document",
        `${this.#request.what}: asked for the bytes from ${this.#at}, got ${
          JSON.stringify(header.slice(0, 80))
        }`,
      );
    }
    this.#skip = 0;
    if (total !== "*") this.#checkSize(Number(total));
  }

  /** 200: all of the bytes, whatever range was requested. */
  #takeWhole({ length }: HttpResponse): void {
    this.#skip = this.#at;
    if (length !== undefined) this.#checkSize(length);
  }

  /** 416: nothing is there, which is right at the end of the blob. */
  async #takeNothing(response: HttpResponse): Promise<void> {
    const [, total] = /^bytes \*\/(\d+)$/.exec(response.headers.get("content-range") ?? "") ?? [];
    const size = total === undefined ? this.#size : Number(total);
    if (size === undefined || this.#at < size) await ensure(response);
    else this.#checkSize(size);
  }

  #checkSize(size: number): void {
    if (this.#size !== undefined && this.#size !== size) throw this.#wrongSize(size);
    this.#size = size;
  }

  #wrongSize(size: number): GantryError {
    return new GantryError("size-mismatch", `${this.#request.what}: ${size} bytes, expected ${this.#size}`);
  }
}
