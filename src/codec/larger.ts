import { type Bytes, concat } from "../bytes.ts";

/**
 * Copies of the chunks, several at once: `least` bytes or more, except the last. They are put into memory of earlier ones
 * where some has come back.
 */
export async function* larger(
  input: AsyncIterable<Bytes>,
  least: number,
  spare: ArrayBuffer[] = [],
): AsyncGenerator<Bytes, void, void> {
  let chunks: Bytes[] = [], length = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length < least) continue;
    yield concat(chunks, length, spare.pop());
    chunks = [];
    length = 0;
  }
  if (length > 0) yield concat(chunks, length, spare.pop());
}
