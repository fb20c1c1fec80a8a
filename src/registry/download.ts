import type { Bytes } from "../bytes.ts";
import type { Address, OpenOptions } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { parseDigest } from "../spec/digest.ts";
import type { Answer } from "../http/response.ts";
import { ensure } from "./errors.ts";
import type { Place } from "./repository.ts";
import { retryDelay } from "../http/retry.ts";
import type { Call } from "./client.ts";

/** Opens a blob, or some of its bytes. */
export async function openBlob(
  place: Place,
  what: Address,
  options: OpenOptions,
): Promise<ReadableStream<Bytes>> {
  const download = new Download(place, what, options);
  await download.connect();
  return new ReadableStream<Bytes>({
    async pull(controller) {
      const chunk = await download.next();
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
    cancel: () => download.leave(),
  }, { highWaterMark: 0 });
}

// Less than this since the last time the connection broke is no progress.
const progress = 1 << 20;

/** A download that goes on where its connection broke. */
class Download {
  readonly #place: Place;
  readonly #call: Call;
  readonly #end: number;
  /** The next byte to be given. */
  #at: number;
  /** The size of the blob, as soon as anybody has told it. */
  #size: number | undefined;
  /** Bytes to be passed over, where the registry takes no ranges. */
  #skip = 0;
  #answer: Answer | undefined;
  #connectedAt = 0;
  #failures = 0;

  constructor(place: Place, { digest, size }: Address, { start = 0, end = Infinity, signal }: OpenOptions) {
    parseDigest(digest);
    this.#place = place;
    this.#call = place.request("GET", `blobs/${digest}`, { what: `read ${place.name(digest)}`, signal });
    this.#size = size;
    this.#at = start;
    this.#end = Math.max(start, end);
  }

  /** Asks for the bytes from the next one on. */
  async connect(): Promise<void> {
    const { wire } = this.#place;
    const last = this.#end < Infinity ? Math.max(this.#at, this.#end - 1) : "";
    const all = this.#at === 0 && last === "";
    const headers: Record<string, string> = all ? {} : { range: `bytes=${this.#at}-${last}` };
    await this.leave();
    const answer = await wire.call({ ...this.#call, headers });
    this.#answer = answer;
    this.#connectedAt = this.#at;
    try {
      if (answer.status === 206) this.#takePart(answer);
      else if (answer.status === 200) this.#takeWhole(answer);
      else if (answer.status === 416) await this.#takeNothing(answer);
      else await ensure(answer);
    } catch (error) {
      await this.leave();
      throw error;
    }
  }

  /** The next bytes; undefined at the end. */
  async next(): Promise<Bytes | undefined> {
    while (this.#at < this.#stop) {
      try {
        const chunk = await this.#answer!.next();
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
    await this.leave();
    return undefined;
  }

  async leave(): Promise<void> {
    await this.#answer?.discard();
  }

  get #stop(): number {
    return Math.min(this.#end, this.#size ?? Infinity);
  }

  /** Connects again after a failure, unless that is of no use. */
  async #recover(error: unknown): Promise<void> {
    const { environment, limits } = this.#place.wire.settings;
    const { signal } = this.#call;
    if (this.#at - this.#connectedAt >= progress) this.#failures = 0;
    // What a runtime has decompressed cannot be gone on with.
    const hopeless = !GantryError.is(error, "unavailable", "size-mismatch") || this.#answer?.encoded;
    if (signal?.aborted || hopeless || this.#failures >= limits.retries) throw error;
    if (this.#failures > 0) {
      await environment.sleep(retryDelay(this.#failures, undefined, environment), signal);
    }
    this.#failures++;
    await this.connect();
  }

  /** 206: the range must be the one that was asked for, or its beginning. */
  #takePart({ headers }: Answer): void {
    const header = headers.get("content-range") ?? "";
    const [, from, to, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(header.trim()) ?? [];
    if (
      Number(from) !== this.#at || !(Number(to) >= this.#at && Number(to) < Math.max(this.#end, this.#at + 1))
    ) {
      throw new GantryError(
        "invalid-document",
        `${this.#call.what}: asked for the bytes from ${this.#at}, got ${
          JSON.stringify(header.slice(0, 80))
        }`,
      );
    }
    this.#skip = 0;
    if (total !== "*") this.#checkSize(Number(total));
  }

  /** 200: all of the bytes, whatever was asked for. */
  #takeWhole({ length }: Answer): void {
    this.#skip = this.#at;
    if (length !== undefined) this.#checkSize(length);
  }

  /** 416: there is nothing there, which is right at the end. */
  async #takeNothing(answer: Answer): Promise<void> {
    const [, total] = /^bytes \*\/(\d+)$/.exec(answer.headers.get("content-range") ?? "") ?? [];
    const size = total === undefined ? this.#size : Number(total);
    if (size === undefined || this.#at < size) await ensure(answer);
    else this.#checkSize(size);
  }

  #checkSize(size: number): void {
    if (this.#size !== undefined && this.#size !== size) throw this.#wrongSize(size);
    this.#size = size;
  }

  #wrongSize(size: number): GantryError {
    return new GantryError("size-mismatch", `${this.#call.what}: ${size} bytes, expected ${this.#size}`);
  }
}
