import { type Bytes, chunksOf } from "../bytes.ts";
import type { Digest } from "../spec/digest.ts";
import { type HashSlot, openHashPool } from "./hash_pool.ts";

/** What {@link digestAll} takes: bytes, a stream, or a function that opens a stream when it is needed. */
export type DigestInput =
  | Uint8Array
  | Blob
  | ReadableStream<Bytes>
  | (() => ReadableStream<Bytes> | Promise<ReadableStream<Bytes>>);

/** How to digest many inputs. */
export interface DigestAllOptions {
  /** `"wasm"` or the name of an engine. Default: whichever turns out to be faster here. */
  engine?: string | undefined;
  /** How many threads hash, this one among them; `"auto"` for as many as there are processors. Default: 1. */
  workers?: number | "auto" | undefined;
  /** Aborts the work. */
  signal?: AbortSignal | undefined;
}

/**
 * The sha256 digests of many inputs, in their order. Eight are read at once, or four for each worker, and none of them
 * waits for one that stalls; the next is taken when one is through. When one fails the others are cancelled, and its
 * error is thrown.
 *
 * @throws {GantryError} `no-engine` where nothing can hash or there is no engine of that name, `unsupported` for a number of
 * workers that cannot be had.
 * @throws Whatever an input throws, and the signal's reason.
 *
 * @example
 * ```ts
 * import { digestAll } from "@gantry/oci/digest";
 *
 * const layers = [new Blob(["{}"]), new TextEncoder().encode("{}"), () => new Response("{}").body!];
 * for (const digest of await digestAll(layers)) console.log(digest); // sha256:44136fa3…
 * ```
 */
export async function digestAll(
  inputs: Iterable<DigestInput>,
  options: DigestAllOptions = {},
): Promise<Digest[]> {
  options.signal?.throwIfAborted();
  const { engine, workers } = options;
  const pool = await openHashPool({ engine, workers, small: isSmall(inputs) });
  const stopping = new AbortController();
  const abort = () => stopping.abort(options.signal?.reason);
  options.signal?.addEventListener("abort", abort, { once: true });
  if (options.signal?.aborted) abort();
  const digests: Digest[] = [];
  const waiting = inputs[Symbol.iterator]();
  let taken = 0;

  const hashNext = async (slot: HashSlot) => {
    try {
      while (!stopping.signal.aborted) {
        const { done, value } = waiting.next();
        if (done) return;
        const index = taken++;
        await hash(slot, value, stopping.signal);
        digests[index] = await slot.digest();
      }
    } catch (error) {
      // The first error is the reason; the others follow from it.
      stopping.abort(error);
    }
  };
  try {
    await Promise.all(pool.slots.map(hashNext));
    stopping.signal.throwIfAborted();
    return digests;
  } finally {
    options.signal?.removeEventListener("abort", abort);
    if (stopping.signal.aborted) waiting.return?.();
    pool.end();
  }
}

/** In bytes: this much is hashed before anything faster has started. */
const smallTotal = 1024 ** 2;

/** Whether it is known that there is little to hash. */
function isSmall(inputs: Iterable<DigestInput>): boolean {
  if (!Array.isArray(inputs)) return false;
  const sizes = (inputs as DigestInput[]).map((input) =>
    input instanceof Uint8Array ? input.byteLength : input instanceof Blob ? input.size : smallTotal
  );
  return inputs.length < 2 || sizes.reduce((sum, size) => sum + size, 0) < smallTotal;
}

/** Bytes in memory are hashed in pieces of this size, so that other slots get their share. */
const pieceSize = 128 * 1024;

async function hash(slot: HashSlot, input: DigestInput, signal: AbortSignal): Promise<void> {
  if (input instanceof Uint8Array) {
    for (let at = 0; at < input.byteLength; at += pieceSize) {
      signal.throwIfAborted();
      await slot.update(input.subarray(at, at + pieceSize));
    }
  } else {
    const stream = typeof input === "function" ? await open(input, signal) : streamOf(input);
    for await (const bytes of chunksOf(stream, signal)) await slot.update(bytes);
  }
  signal.throwIfAborted();
}

function streamOf(input: Blob | ReadableStream<Bytes>): ReadableStream<Bytes> {
  return input instanceof Blob ? input.stream() as ReadableStream<Bytes> : input;
}

/** Opens a stream; one that comes after the abort is cancelled. */
async function open(
  input: () => ReadableStream<Bytes> | Promise<ReadableStream<Bytes>>,
  signal: AbortSignal,
): Promise<ReadableStream<Bytes>> {
  const opening = Promise.resolve().then(input);
  let abort!: () => void;
  const aborted = new Promise<never>((_, reject) => abort = () => reject(signal.reason));
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([opening, aborted]);
  } catch (error) {
    void opening.then((stream) => stream.cancel(error)).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
