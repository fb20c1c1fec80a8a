import type { Bytes } from "../bytes.ts";
import type { Address, OpenOptions } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { parseDigest } from "../spec/digest.ts";
import type { HttpResponse } from "../http/response.ts";
import { type Body, bodyOf } from "./body.ts";
import { contentRangeOf, sizeBehind } from "./content_range.ts";
import { ensure } from "./errors.ts";
import type { Repository } from "./repository.ts";
import { Tries } from "../http/retry.ts";
import type { RegistryRequest } from "./request.ts";

/** Who gets fewer bytes than this out of a connection waits before the next one. */
const fair = 64 << 10;
/** How often storage elsewhere may refuse an address that the registry has just signed. */
const mostRefusals = 2;

/** Opens a blob, or a range of it: at the registry, or at another address, where no credentials are sent along. */
export async function download(
  repository: Repository,
  what: Address,
  options: OpenOptions & { from?: URL | undefined },
): Promise<ReadableStream<Bytes>> {
  const opened = new Download(repository, what, options);
  await opened.connect();
  return opened.stream();
}

/** A download that resumes where its connection broke. */
export class Download {
  readonly #repository: Repository;
  readonly #request: RegistryRequest;
  readonly #end: number;
  /** The offset of the next byte. */
  #at: number;
  /** The size of the blob, as soon as the descriptor or the registry has told it. */
  #size: number | undefined;
  /** Whether ranges are no good here, so that all is asked for, and what came before is passed over. */
  #whole = false;
  #skip = 0;
  #response: HttpResponse | undefined;
  #body: Body | undefined;
  #connectedAt = 0;
  readonly #tries: Tries;

  constructor(
    repository: Repository,
    { digest, size }: Address,
    { start = 0, end = Infinity, signal, from }: OpenOptions & { from?: URL | undefined },
  ) {
    parseDigest(digest);
    this.#repository = repository;
    const what = `read ${repository.reference(digest)}`;
    const request = repository.request("GET", `blobs/${digest}`, { what, signal });
    this.#request = from ? { ...request, to: from, anonymous: true } : request;
    this.#tries = new Tries(repository.client.settings);
    this.#size = size;
    this.#at = start;
    this.#end = Math.max(start, end);
  }

  /** The bytes. */
  stream(): ReadableStream<Bytes> {
    return new ReadableStream<Bytes>({
      pull: async (controller) => {
        const chunk = await this.next();
        if (chunk) controller.enqueue(chunk);
        else controller.close();
      },
      cancel: () => this.close(),
    }, { highWaterMark: 0 });
  }

  /** Whether the registry gives parts of the blob. */
  get inRanges(): boolean {
    return this.#response?.status === 206 && !this.#whole;
  }

  /** Requests the bytes from the offset on. */
  async connect(): Promise<void> {
    const { client } = this.#repository;
    await this.close();
    this.#connectedAt = this.#at;
    for (let refusals = 0;;) {
      const response = await client.send({ ...this.#request, headers: this.#headers() });
      try {
        if (this.#isRefusedElsewhere(response) && refusals++ < mostRefusals) await response.discard();
        else if (await this.#take(response)) {
          this.#response = response;
          return;
        }
      } catch (error) {
        await response.discard();
        throw error;
      }
    }
  }

  /** The next bytes; undefined at the end. */
  async next(): Promise<Bytes | undefined> {
    while (this.#at < this.#stop) {
      try {
        const chunk = await this.#body!.read();
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

  #headers(): Record<string, string> {
    const last = this.#end < Infinity ? Math.max(this.#at, this.#end - 1) : "";
    const all = this.#whole || (this.#at === 0 && last === "");
    return all ? {} : { range: `bytes=${this.#at}-${last}` };
  }

  /** Connects again after a failure, unless that is hopeless: nothing came over so many connections in a row. */
  async #recover(error: unknown): Promise<void> {
    const { signal } = this.#request;
    const gained = this.#at - this.#connectedAt;
    if (gained > 0) this.#tries.progressed();
    if (signal?.aborted || !GantryError.is(error, "unavailable", "size-mismatch")) throw error;
    // Where in the compressed bytes to go on, nobody knows.
    this.#whole ||= this.#response!.encoded;
    if (gained < fair && !await this.#tries.again({ signal })) throw error;
    await this.connect();
  }

  /** Whether a response can be read from the offset on. If not, all of the blob is to be asked for. */
  async #take(response: HttpResponse): Promise<boolean> {
    if (response.status === 200) this.#takeWhole(response);
    else {
      const ranged = this.#headers()["range"] !== undefined;
      try {
        if (response.status === 206) this.#takePart(response);
        else if (response.status === 416) await this.#takeNothing(response);
        else await ensure(response);
      } catch (error) {
        if (!ranged || ![206, 416].includes(response.status)) throw error;
        await response.discard();
        this.#whole = true;
        return false;
      }
    }
    this.#body = bodyOf(response, this.#size);
    return true;
  }

  /** 206: the range must be the requested one, or its beginning. */
  #takePart(response: HttpResponse): void {
    const range = contentRangeOf(response);
    const most = Math.max(this.#end, this.#at + 1);
    if (range?.start !== this.#at || range.end <= this.#at || range.end > most || response.encoded) {
      const got = JSON.stringify((response.headers.get("content-range") ?? "").slice(0, 80));
      throw new GantryError(
        "invalid-document",
        `${this.#request.what}: asked for the bytes from ${this.#at}, got ${got}`,
      );
    }
    this.#skip = 0;
    if (range.size !== undefined) this.#checkSize(range.size);
  }

  /** 200: all of the bytes, whatever range was requested. */
  #takeWhole({ length }: HttpResponse): void {
    this.#skip = this.#at;
    if (length !== undefined) this.#checkSize(length);
  }

  /** 416: nothing is there, which is right at the end of the blob. */
  async #takeNothing(response: HttpResponse): Promise<void> {
    const size = sizeBehind(response) ?? this.#size;
    if (size === undefined || this.#at < size) await ensure(response);
    else this.#checkSize(size);
  }

  /** Whether storage that the registry redirects to refuses the signature: the registry may sign anew. */
  #isRefusedElsewhere({ status, elsewhere }: HttpResponse): boolean {
    return [400, 401, 403].includes(status) && elsewhere && !(this.#request.to instanceof URL);
  }

  #checkSize(size: number): void {
    if (this.#size !== undefined && this.#size !== size) throw this.#wrongSize(size);
    this.#size = size;
  }

  #wrongSize(size: number): GantryError {
    return new GantryError("size-mismatch", `${this.#request.what}: ${size} bytes, expected ${this.#size}`);
  }
}
