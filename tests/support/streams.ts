import { type Bytes, concat } from "../../src/bytes.ts";
import { addCodecEngine } from "../../src/codec/mod.ts";
import { zstdCodec } from "../../src/codec/zstd_codec.ts";
import { GantryError } from "../../src/errors.ts";

// What is shown of every engine is shown of those that only the whole library has, too.
for (const engine of zstdCodec) addCodecEngine(engine);

/** A stream of bytes in pieces of a size, which counts what was taken from it and remembers why it was cancelled. */
export function source(bytes: Uint8Array, piece = 65536) {
  const seen = { taken: 0, cancelled: undefined as unknown };
  const stream = new ReadableStream<Bytes>({
    pull(controller) {
      if (seen.taken >= bytes.byteLength) return controller.close();
      controller.enqueue(new Uint8Array(bytes.subarray(seen.taken, seen.taken + piece)));
      seen.taken = Math.min(bytes.byteLength, seen.taken + piece);
    },
    cancel(reason) {
      seen.cancelled = reason;
    },
  }, { highWaterMark: 0 });
  return { stream, seen };
}

/** All that comes out when bytes go through a transform in pieces of a size. */
export async function through(
  bytes: Uint8Array,
  transform: TransformStream<Bytes, Bytes>,
  piece?: number,
): Promise<Bytes> {
  const chunks: Bytes[] = [];
  const reader = source(bytes, piece).stream.pipeThrough(transform).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concat(chunks);
    chunks.push(value);
  }
}

/** The code of the error that it ends with, or what it gives. */
export async function outcome<T>(work: Promise<T>): Promise<T | string> {
  try {
    return await work;
  } catch (error) {
    if (GantryError.is(error)) return error.code;
    throw error;
  }
}

/** Runs as on a runtime that has nothing but the web platform, and no WebAssembly. */
export async function bare<T>(work: () => Promise<T>): Promise<T> {
  const { WebAssembly } = globalThis;
  const { getBuiltinModule } = globalThis.process;
  Object.assign(globalThis, { WebAssembly: undefined });
  Object.assign(globalThis.process, { getBuiltinModule: undefined });
  try {
    return await work();
  } finally {
    Object.assign(globalThis, { WebAssembly });
    Object.assign(globalThis.process, { getBuiltinModule });
  }
}

/** Bytes that compress, but not to nothing; the same for the same seed. */
export function sample(length: number, seed = 1): Bytes {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    bytes[i] = (seed >>> 8) % (i % 97 < 60 ? 4 : 256);
  }
  return bytes;
}
