import { type Bytes, concat } from "../bytes.ts";

/** Bytes that are pulled from a stream one chunk at a time, with the way back for what was too much. */
export class Input implements AsyncIterable<Bytes> {
  /** How many bytes were taken and not given back. */
  offset = 0;
  /** What broke the stream, once it is broken. */
  failed: { error: unknown } | undefined;
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  #ahead: Bytes = new Uint8Array(0);

  constructor(stream: ReadableStream<Bytes>) {
    this.#reader = stream.getReader();
  }

  /** The next chunk, never empty, or nothing at the end. */
  async next(): Promise<Bytes | undefined> {
    const chunk = this.#ahead.byteLength > 0 ? this.#ahead : await this.#read();
    this.#ahead = new Uint8Array(0);
    this.offset += chunk?.byteLength ?? 0;
    return chunk;
  }

  /** Gives back the end of the chunk that was taken last. */
  unread(rest: Bytes): void {
    this.#ahead = rest;
    this.offset -= rest.byteLength;
  }

  /** Shows the next `length` bytes in one piece, or as many as there are, without taking them. */
  async peek(length: number): Promise<Bytes> {
    while (this.#ahead.byteLength < length) {
      const chunk = await this.#read();
      if (chunk === undefined) break;
      this.#ahead = this.#ahead.byteLength > 0 ? concat([this.#ahead, chunk]) : chunk;
    }
    return this.#ahead.subarray(0, length);
  }

  /** Takes the next `length` bytes in one piece, or as many as there are. */
  async take(length: number): Promise<Bytes> {
    const taken = await this.peek(length);
    this.#ahead = this.#ahead.subarray(taken.byteLength);
    this.offset += taken.byteLength;
    return taken;
  }

  /** Tells the other end that nothing more is wanted. */
  async cancel(reason?: unknown): Promise<void> {
    await this.#reader.cancel(reason).catch(() => {});
  }

  async #read(): Promise<Bytes | undefined> {
    for (;;) {
      const { done, value } = await this.#reader.read().catch((error) => {
        this.failed = { error };
        throw error;
      });
      if (done || value.byteLength > 0) return value;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Bytes, void, void> {
    for (let chunk = await this.next(); chunk !== undefined; chunk = await this.next()) yield chunk;
  }
}

/**
 * A transform stream around a generator. Unlike the `transform` method of a TransformStream, which must give all that a
 * chunk makes at once, a generator waits with every piece until the reader wants it: a bomb stays in its box.
 */
export function pipe(run: (input: Input) => AsyncIterable<Bytes>): TransformStream<Bytes, Bytes> {
  const { readable: source, writable } = new TransformStream<Bytes, Bytes>();
  const input = new Input(source);
  const output = run(input)[Symbol.asyncIterator]();
  const readable = new ReadableStream<Bytes>({
    async pull(controller) {
      try {
        const { done, value } = await output.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        void input.cancel(error);
        throw error;
      }
    },
    async cancel(reason) {
      await input.cancel(reason);
      await output.return?.();
    },
  }, { highWaterMark: 0 });
  return { readable, writable };
}
