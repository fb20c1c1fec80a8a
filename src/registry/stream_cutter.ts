import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";

/** Cuts a stream into streams of given lengths, one after the other. */
export class StreamCutter {
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  readonly #seen: (chunk: Bytes) => void | Promise<void>;
  #left: Bytes | undefined;

  /** `seen` is called with each chunk before it is passed on. */
  constructor(stream: ReadableStream<Bytes>, seen: (chunk: Bytes) => void | Promise<void>) {
    this.#reader = stream.getReader();
    this.#seen = seen;
  }

  /** The next `length` bytes. The stream before must have been read to its end. */
  next(length: number): ReadableStream<Bytes> {
    let missing = length;
    return new ReadableStream<Bytes>({
      pull: async (controller) => {
        const chunk = await this.#read();
        if (!chunk) {
          throw new GantryError("size-mismatch", `cut a stream: it ends ${missing} bytes too early`);
        }
        const part = chunk.subarray(0, missing);
        if (part.byteLength < chunk.byteLength) this.#left = chunk.subarray(part.byteLength);
        missing -= part.byteLength;
        await this.#seen(part);
        controller.enqueue(part);
        if (missing === 0) controller.close();
      },
    }, { highWaterMark: 0 });
  }

  /** Reads no more of the stream. */
  async close(): Promise<void> {
    await this.#reader.cancel().catch(() => {});
  }

  async #read(): Promise<Bytes | undefined> {
    const left = this.#left;
    this.#left = undefined;
    return left ?? (await this.#reader.read()).value;
  }
}
