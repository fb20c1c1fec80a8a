import type { Bytes } from "../bytes.ts";

const nothing: Bytes = new Uint8Array(0);

/** A DecompressionStream that tells how much came out of what went in. */
export class Decoder {
  /** How many bytes came out so far. */
  produced = 0;
  readonly #writer: WritableStreamDefaultWriter<Bytes>;
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  readonly #slice: number;
  #next: Promise<ReadableStreamReadResult<Bytes>>;

  /** Input is taken `slice` bytes at a time, because all that comes out of one slice is in memory. */
  constructor(format: string, slice: number) {
    this.#slice = slice;
    const { readable, writable } = new DecompressionStream(format as CompressionFormat);
    this.#writer = writable.getWriter();
    this.#reader = (readable as ReadableStream<Bytes>).getReader();
    this.#next = this.#reader.read();
  }

  /**
   * Whether the runtime has the format, and streams that take a chunk only when the one before it is done. Those of Node
   * take more, so that it is not known what belongs to which chunk.
   */
  static takes(format: string): boolean {
    try {
      const writer = new DecompressionStream(format as CompressionFormat).writable.getWriter();
      const { desiredSize } = writer;
      writer.abort().catch(() => {});
      return desiredSize === 1;
    } catch {
      return false;
    }
  }

  /** Takes input; yields all that comes out of it. */
  async *write(bytes: Bytes): AsyncGenerator<Bytes, void, void> {
    for (let at = 0; at < bytes.byteLength; at += this.#slice) {
      // The stream looks at a chunk only when a reader waits and there is nothing to read: when a second one is through,
      // all that the first one produced has been read.
      const through = this.#writer.write(bytes.subarray(at, at + this.#slice))
        .then(() => this.#writer.write(nothing));
      for (;;) {
        const result = await Promise.race([this.#next, through]);
        if (!result || result.done) break;
        this.produced += result.value.byteLength;
        this.#next = this.#reader.read();
        yield result.value;
      }
    }
  }

  /** Ends the input; yields the rest of the output, and fails if the input was incomplete. */
  async *close(): AsyncGenerator<Bytes, void, void> {
    const closed = this.#writer.close();
    closed.catch(() => {});
    for (;;) {
      const { done, value } = await this.#next;
      if (done) break;
      this.produced += value.byteLength;
      this.#next = this.#reader.read();
      yield value;
    }
    await closed;
  }

  /** Stops it, whether it has ended or not. */
  abort(): void {
    this.#next.catch(() => {});
    this.#writer.abort().catch(() => {});
    this.#reader.cancel().catch(() => {});
  }
}
