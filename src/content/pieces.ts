import { type Bytes, concat } from "../bytes.ts";

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
