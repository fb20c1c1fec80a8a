import { type Bytes, concat } from "../bytes.ts";

/** Reads chunks piece by piece: knows where it is, looks ahead, and takes back what was too much. */
export class ByteReader implements AsyncIterable<Bytes> {
  /** How many bytes were taken and not given back. */
  offset = 0;
  /** What the input failed with, once it has. */
  failed: { error: unknown } | undefined;
  readonly #input: AsyncIterator<Bytes, unknown>;
  /** What was read from the input and not taken. */
  #ahead: Bytes = new Uint8Array(0);

  constructor(input: AsyncIterator<Bytes, unknown>) {
    this.#input = input;
  }

  /** Takes the next chunk, which is never empty; nothing at the end. */
  async next(): Promise<Bytes | undefined> {
    const chunk = this.#ahead.byteLength > 0 ? this.#ahead : await this.#read();
    this.#ahead = new Uint8Array(0);
    this.offset += chunk?.byteLength ?? 0;
    return chunk;
  }

  /** Takes exactly `length` bytes in one piece, and fails if there are fewer. */
  async take(length: number): Promise<Bytes> {
    const { byteLength } = await this.peek(length);
    if (byteLength < length) throw new Error(`unexpected end at byte ${this.offset + byteLength}`);
    const bytes = this.#ahead.subarray(0, length);
    this.#ahead = this.#ahead.subarray(length);
    this.offset += length;
    return bytes;
  }

  /** The next `length` bytes in one piece, or as many as there are, without taking them. */
  async peek(length: number): Promise<Bytes> {
    while (this.#ahead.byteLength < length) {
      const chunk = await this.#read();
      if (chunk === undefined) break;
      this.#ahead = this.#ahead.byteLength > 0 ? concat([this.#ahead, chunk]) : chunk;
    }
    return this.#ahead.subarray(0, length);
  }

  /** Gives back the end of what was taken last. */
  unread(rest: Bytes): void {
    // What is ahead follows it in the same buffer: both are parts of one chunk.
    this.#ahead = this.#ahead.byteLength === 0
      ? rest
      : new Uint8Array(rest.buffer, rest.byteOffset, rest.byteLength + this.#ahead.byteLength);
    this.offset -= rest.byteLength;
  }

  async #read(): Promise<Bytes | undefined> {
    try {
      for (;;) {
        const { done, value } = await this.#input.next();
        if (done) return undefined;
        if (value.byteLength > 0) return value;
      }
    } catch (error) {
      this.failed = { error };
      throw error;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Bytes, void, void> {
    for (let chunk = await this.next(); chunk !== undefined; chunk = await this.next()) yield chunk;
  }
}
