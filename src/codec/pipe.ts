import type { Bytes } from "../bytes.ts";
import { ByteReader } from "./byte_reader.ts";

/**
 * A transform stream around a generator. The `transform` method of a TransformStream has to enqueue all that a chunk
 * gives at once; a generator waits with every piece until the reader wants it, or is `ahead` by no more than so many
 * pieces, so that a bomb cannot fill the memory.
 */
export function pipe(
  run: (input: ByteReader) => AsyncIterable<Bytes>,
  { ahead = 0 }: { ahead?: number } = {},
): TransformStream<Bytes, Bytes> {
  const { readable: source, writable } = new TransformStream<Bytes, Bytes>();
  const reader = source.getReader();
  const output = run(new ByteReader({ next: () => reader.read() as Promise<IteratorResult<Bytes, unknown>> }))
    [Symbol.asyncIterator]();
  const cancel = (reason: unknown) => reader.cancel(reason).catch(() => {});
  const readable = new ReadableStream<Bytes>({
    async pull(controller) {
      try {
        const { done, value } = await output.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        void cancel(error);
        throw error;
      }
    },
    async cancel(reason) {
      await cancel(reason);
      await output.return?.();
    },
  }, { highWaterMark: ahead });
  return { readable, writable };
}
