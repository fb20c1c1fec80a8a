import { type Bytes, concat, streamOfPieces } from "../bytes.ts";
import { GantryError } from "../errors.ts";

/** A stream in pieces of one size. What came before a failure comes as a last, shorter piece. */
export async function* piecesOf(
  chunks: AsyncIterable<Bytes>,
  size: number,
): AsyncGenerator<Bytes, void, void> {
  const held: Bytes[] = [];
  let length = 0;
  let failure: { error: unknown } | undefined;
  try {
    for await (let chunk of chunks) {
      while (chunk.byteLength > 0) {
        const part = chunk.subarray(0, size - length);
        held.push(part);
        length += part.byteLength;
        chunk = chunk.subarray(part.byteLength);
        if (length < size) continue;
        yield concat(held.splice(0), length);
        length = 0;
      }
    }
  } catch (error) {
    failure = { error };
  }
  if (length > 0) yield concat(held, length);
  if (failure) throw failure.error;
}

/** A stream that is cut into streams, whose sizes are chosen one by one. Each is read to its end before the next. */
export class CutStream {
  readonly #chunks: AsyncGenerator<Bytes, void, void>;
  #rest: Bytes | undefined;

  constructor(chunks: AsyncGenerator<Bytes, void, void>) {
    this.#chunks = chunks;
  }

  /** The next bytes: just as many as asked for, or an error. */
  next(size: number): ReadableStream<Bytes> {
    return streamOfPieces(this.#take(size));
  }

  /** Reads no more. */
  async cancel(): Promise<void> {
    await this.#chunks.return();
  }

  async *#take(size: number): AsyncGenerator<Bytes, void, void> {
    for (let left = size; left > 0;) {
      const chunk = this.#rest ?? (await this.#chunks.next()).value;
      if (!chunk) throw new GantryError("size-mismatch", `read a piece: it ends ${left} bytes too early`);
      this.#rest = left < chunk.byteLength ? chunk.subarray(left) : undefined;
      const part = chunk.subarray(0, left);
      left -= part.byteLength;
      yield part;
    }
  }
}
