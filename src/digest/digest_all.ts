import { type Bytes, chunksOf } from "../bytes.ts";
import type { Digest } from "../spec/digest.ts";
import { type Berth, openBerths } from "./berths.ts";

/** What {@link digestAll} takes: bytes, or a stream now or when its turn comes. */
export type DigestInput =
  | Uint8Array
  | Blob
  | ReadableStream<Bytes>
  | (() => ReadableStream<Bytes> | Promise<ReadableStream<Bytes>>);

/** How to digest many. */
export interface DigestAllOptions {
  /** `"wasm"` or the name of an engine; without one, whichever turns out to be faster here. */
  engine?: string | undefined;
  /** How many threads hash, this one among them; `"auto"` for as many as there are processors, one unless told. */
  workers?: number | "auto" | undefined;
  /** Aborts the work. */
  signal?: AbortSignal | undefined;
}

/**
 * The sha256 digests of many, in their order. Eight are read at once, or four for each worker, and none of them waits for
 * one that stalls; the next is taken when one is through. When one fails the others are cancelled, and its error is thrown.
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
  const { berths, end } = await openBerths(inputs, options);
  const stopping = new AbortController();
  const abort = () => stopping.abort(options.signal?.reason);
  options.signal?.addEventListener("abort", abort, { once: true });
  if (options.signal?.aborted) abort();
  const digests: Digest[] = [];
  const waiting = inputs[Symbol.iterator]();
  let taken = 0;

  const work = async (berth: Berth) => {
    try {
      while (!stopping.signal.aborted) {
        const { done, value } = waiting.next();
        if (done) return;
        const index = taken++;
        await feed(berth, value, stopping.signal);
        digests[index] = await berth.digest();
      }
    } catch (error) {
      // The first one tells why; the others fail because of it.
      stopping.abort(error);
    }
  };
  try {
    await Promise.all(berths.map(work));
    stopping.signal.throwIfAborted();
    return digests;
  } finally {
    options.signal?.removeEventListener("abort", abort);
    if (stopping.signal.aborted) waiting.return?.();
    end();
  }
}

const piece = 128 * 1024;

async function feed(berth: Berth, input: DigestInput, signal: AbortSignal): Promise<void> {
  if (input instanceof Uint8Array) {
    for (let at = 0; at < input.byteLength; at += piece) {
      signal.throwIfAborted();
      await berth.update(input.subarray(at, at + piece));
    }
  } else {
    const stream = typeof input === "function" ? await opened(input, signal) : streamOf(input);
    for await (const bytes of chunksOf(stream, signal)) await berth.update(bytes);
  }
  signal.throwIfAborted();
}

function streamOf(input: Blob | ReadableStream<Bytes>): ReadableStream<Bytes> {
  return input instanceof Blob ? input.stream() as ReadableStream<Bytes> : input;
}

/** Opens a stream; one that comes after the abort is cancelled. */
async function opened(
  open: () => ReadableStream<Bytes> | Promise<ReadableStream<Bytes>>,
  signal: AbortSignal,
): Promise<ReadableStream<Bytes>> {
  const opening = Promise.resolve().then(open);
  let leave: (() => void) | undefined;
  const left = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
  });
  try {
    return await Promise.race([opening, left]);
  } catch (error) {
    void opening.then((stream) => stream.cancel(error)).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", leave!);
  }
}
