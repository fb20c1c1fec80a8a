/**
 * Bytes and streams of bytes.
 *
 * @module
 */

import { GantryError } from "./errors.ts";

/** Bytes in memory of their own: never shared between threads. */
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

/** The UTF-8 bytes of a text. */
export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

/** The text of UTF-8 bytes; a byte order mark is kept, bad sequences are an error. */
export function text(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new GantryError("invalid-document", `read ${what}: not UTF-8`, { cause });
  }
}

/** Bytes as lower-case hexadecimal digits. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** One piece from several, at the beginning of this memory if some is given that has room for it. */
export function concat(chunks: readonly Uint8Array[], length?: number, memory?: ArrayBuffer): Bytes {
  const size = length ?? chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const all = memory && memory.byteLength >= size ? new Uint8Array(memory, 0, size) : new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}

/** Whether both hold the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, i) => byte === b[i]);
}

/** A stream of one piece. */
export function streamOf(bytes: Bytes): ReadableStream<Bytes> {
  return new ReadableStream({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}

/** A readable stream's pieces, in order; leaving the loop early cancels it. */
export async function* chunksOf(
  stream: ReadableStream<Bytes>,
  signal?: AbortSignal,
): AsyncGenerator<Bytes, void, void> {
  // Not `for await (… of stream)`: Safari has no async iteration of streams, and a signal must end a read that hangs.
  const reader = stream.getReader();
  const abort = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", abort, { once: true });
  let ended = false;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) {
        ended = true;
        return;
      }
      yield value;
    }
  } catch (error) {
    if (!signal?.aborted) ended = true;
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
    if (!ended) await reader.cancel(signal?.reason).catch(() => {});
    reader.releaseLock();
  }
}

/** All of a stream, for documents that are small by nature: more than `limit` bytes is an error. */
export async function readAll(
  stream: ReadableStream<Bytes>,
  options: { limit: number; what: string; signal?: AbortSignal | undefined },
): Promise<Bytes> {
  const chunks: Bytes[] = [];
  let length = 0;
  for await (const chunk of chunksOf(stream, options.signal)) {
    length += chunk.byteLength;
    if (length > options.limit) {
      throw new GantryError("too-large", `read ${options.what}: more than ${options.limit} bytes`);
    }
    chunks.push(chunk);
  }
  return concat(chunks, length);
}

/** What to do as a stream goes by. */
export interface Observer {
  /** Sees each piece before the reader does; the reader waits for it. */
  chunk?(chunk: Bytes): void | Promise<void>;
  /** Called at the end, before the reader learns of it; what it throws, the reader gets. */
  done?(): void | Promise<void>;
  /** Called when the stream fails or the reader leaves. */
  failed?(reason: unknown): void | Promise<void>;
}

/** The same stream, watched. It reads nothing ahead. */
export function observed(bytes: ReadableStream<Bytes>, observer: Observer): ReadableStream<Bytes> {
  const reader = bytes.getReader();
  return new ReadableStream<Bytes>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) {
          await observer.chunk?.(value);
          return controller.enqueue(value);
        }
        await observer.done?.();
        controller.close();
      } catch (error) {
        await observer.failed?.(error);
        throw error;
      }
    },
    async cancel(reason) {
      await observer.failed?.(reason);
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}

/** The stream without its first `count` bytes. */
export function skipping(bytes: ReadableStream<Bytes>, count: number): ReadableStream<Bytes> {
  if (count === 0) return bytes;
  let left = count;
  return bytes.pipeThrough(
    new TransformStream<Bytes, Bytes>({
      transform(chunk, controller) {
        if (left < chunk.byteLength) controller.enqueue(left === 0 ? chunk : chunk.subarray(left));
        left = Math.max(0, left - chunk.byteLength);
      },
    }),
  );
}

/** What a generator yields, as a stream that reads nothing ahead. */
export function streamOfPieces(pieces: AsyncGenerator<Bytes, void, void>): ReadableStream<Bytes> {
  return new ReadableStream<Bytes>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pieces.return();
    },
  }, { highWaterMark: 0 });
}
