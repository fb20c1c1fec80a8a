import { type Bytes, concat } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { type NameFailure, unreachable } from "./unreachable.ts";
import type { Timeout } from "./timeout.ts";

/** More than this is not read of an unwanted body to keep its connection. */
const mostDiscarded = 65_536;

/** A response. Reading its body throws our errors when the server is silent, the connection breaks or the caller aborts. */
export class HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  /** The address that answered in the end. */
  readonly url: URL;
  /** What was being done, for messages. */
  readonly what: string;
  /** The most bytes of an error that are read. */
  readonly errorLimit: number;
  /** Whether what reads the body gets it decoded, if it was encoded. */
  readonly decoded: boolean;
  /** What an error should add: how the request was authorised. */
  note: string | undefined;
  /** Whether another path answered than was asked: one that was redirected to. */
  elsewhere = false;
  /** Is called when the body breaks off, or stays away. */
  onBroken: (() => void) | undefined;
  readonly #timeout: Timeout;
  readonly #idleTimeout: number;
  readonly #nameFailure: NameFailure | undefined;
  readonly #reader: ReadableStreamDefaultReader<Bytes> | undefined;

  constructor(
    response: Response,
    timeout: Timeout,
    request: {
      what: string;
      url: URL;
      idleTimeout: number;
      errorLimit: number;
      decoded?: boolean | undefined;
      nameFailure?: NameFailure | undefined;
    },
  ) {
    this.status = response.status;
    this.headers = response.headers;
    this.url = response.redirected && response.url ? new URL(response.url) : request.url;
    this.what = request.what;
    this.errorLimit = request.errorLimit;
    this.decoded = request.decoded ?? false;
    this.#timeout = timeout;
    this.#nameFailure = request.nameFailure;
    this.#idleTimeout = request.idleTimeout;
    this.#reader = (response.body as ReadableStream<Bytes> | null)?.getReader();
    timeout.stop();
    if (this.#reader) timeout.signal.addEventListener("abort", this.#abort, { once: true });
    else timeout.close();
  }

  // A body whose source does not know of the signal ends with it too.
  readonly #abort = () => void this.#reader?.cancel(this.#timeout.signal.reason).catch(() => {});

  /** The length of the body; undefined where the server does not tell, or tells that of a compressed form. */
  get length(): number | undefined {
    const value = this.headers.get("content-length");
    return value !== null && /^\d+$/.test(value) && !this.encoded ? Number(value) : undefined;
  }

  /** Whether the server compressed the body. */
  get encoded(): boolean {
    return !/^(?:identity)?$/i.test(this.headers.get("content-encoding") ?? "");
  }

  /** The next bytes of the body; undefined at its end. */
  async read(): Promise<Bytes | undefined> {
    if (!this.#reader) return undefined;
    this.#timeout.start(this.#idleTimeout);
    try {
      const { done, value } = await this.#reader.read();
      this.#timeout.signal.throwIfAborted();
      if (done) this.#close();
      else this.#timeout.stop();
      return value;
    } catch (error) {
      this.#close();
      this.onBroken?.();
      this.#timeout.signal.throwIfAborted();
      throw unreachable(this.what, this.url, error, this.#nameFailure);
    }
  }

  /**
   * The whole body, in memory.
   *
   * @throws {GantryError} `too-large` above `limit` bytes, `unavailable` where it is not as long as announced.
   */
  async bytes(limit: number): Promise<Bytes> {
    const { length } = this;
    const tooLarge = (size: string) =>
      new GantryError("too-large", `${this.what}: ${size} bytes, the limit is ${limit}`);
    if (length !== undefined && length > limit) {
      await this.discard();
      throw tooLarge(String(length));
    }
    const chunks: Bytes[] = [];
    let size = 0;
    for (let chunk; (chunk = await this.read());) {
      chunks.push(chunk);
      if ((size += chunk.byteLength) <= limit) continue;
      await this.discard();
      throw tooLarge(`at least ${size}`);
    }
    if (length !== undefined && length !== size) {
      throw new GantryError("unavailable", `${this.what}: ${size} bytes came, ${length} were announced`);
    }
    return concat(chunks, size);
  }

  /** Drops the body. What is left of a small one is read, so that its connection can be used again. */
  async discard(): Promise<void> {
    try {
      for (let left = this.length ?? Infinity; left <= mostDiscarded;) {
        const chunk = await this.read();
        if (!chunk) return;
        left -= chunk.byteLength;
      }
      await this.#reader?.cancel();
    } catch {
      // Nobody wants it, so it does not matter that it cannot be read.
    } finally {
      this.#close();
    }
  }

  #close(): void {
    this.#timeout.close();
    this.#timeout.signal.removeEventListener("abort", this.#abort);
  }
}
