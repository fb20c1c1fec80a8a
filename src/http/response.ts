import { type Bytes, concat } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { redact } from "./redact.ts";
import type { Watch } from "./timeout.ts";

/** A response whose body is read under watch: silence, broken connections and aborts all end it with an error of ours. */
export class Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Where it came from in the end. */
  readonly url: URL;
  /** What was being done, for messages. */
  readonly what: string;
  /** How many bytes of an error are read. */
  readonly errorLimit: number;
  /** What an error should add: how the request was authorised. */
  note: string | undefined;
  readonly #watch: Watch;
  readonly #idle: number;
  readonly #reader: ReadableStreamDefaultReader<Bytes> | undefined;

  constructor(
    response: Response,
    request: { what: string; url: URL; watch: Watch; idle: number; errorLimit: number },
  ) {
    this.status = response.status;
    this.headers = response.headers;
    this.url = response.redirected && response.url ? new URL(response.url) : request.url;
    this.what = request.what;
    this.errorLimit = request.errorLimit;
    this.#watch = request.watch;
    this.#idle = request.idle;
    this.#reader = (response.body as ReadableStream<Bytes> | null)?.getReader();
    this.#watch.rest();
    if (this.#reader) this.#watch.signal.addEventListener("abort", this.#stop, { once: true });
    else this.#watch.end();
  }

  // A body whose source does not know of the signal still ends with it.
  readonly #stop = () => void this.#reader?.cancel(this.#watch.signal.reason).catch(() => {});

  /** How many bytes the body has, where the server tells and does not tell it of a compressed form. */
  get length(): number | undefined {
    const value = this.headers.get("content-length");
    return value !== null && /^\d+$/.test(value) && !this.encoded ? Number(value) : undefined;
  }

  /** Whether the server compressed the body; a runtime may have undone it, and leaves the headers as they were. */
  get encoded(): boolean {
    return !/^(?:identity)?$/i.test(this.headers.get("content-encoding") ?? "");
  }

  /** The next bytes; undefined at the end. */
  async next(): Promise<Bytes | undefined> {
    if (!this.#reader) return undefined;
    this.#watch.wait(this.#idle);
    try {
      const { done, value } = await this.#reader.read();
      this.#watch.signal.throwIfAborted();
      if (done) this.#end();
      else this.#watch.rest();
      return value;
    } catch (error) {
      this.#end();
      this.#watch.signal.throwIfAborted();
      throw unreachable(this.what, this.url, error);
    }
  }

  /** The whole body, which is small by nature. */
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
    for (let chunk; (chunk = await this.next());) {
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

  /** Leaves the body. What is left of a small one is read, so that the connection can serve again. */
  async discard(): Promise<void> {
    try {
      for (let left = this.length ?? Infinity; left <= 65_536;) {
        const chunk = await this.next();
        if (!chunk) return;
        left -= chunk.byteLength;
      }
      await this.#reader?.cancel();
    } catch {
      // It is not wanted, whatever became of it.
    } finally {
      this.#end();
    }
  }

  #end(): void {
    this.#watch.end();
    this.#watch.signal.removeEventListener("abort", this.#stop);
  }
}

/** The error for a connection that could not be made or broke. */
export function unreachable(what: string, url: URL, error: unknown): GantryError {
  if (GantryError.is(error)) return error;
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = inner instanceof Error ? inner.message : String(inner);
  const reason = redact(text);
  // Runtimes put the URL into the message, and it may be signed.
  const cause = reason === text ? error : undefined;
  return new GantryError("unavailable", `${what}: no answer from ${url.host}: ${reason}`, { cause });
}
