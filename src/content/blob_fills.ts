import { type Bytes, chunksOf } from "../bytes.ts";
import type { Digest } from "../spec/digest.ts";
import { mediaTypes } from "../spec/media_type.ts";
import type { Address, OpenOptions, Source, Target } from "./contracts.ts";
import { readVerified } from "./read.ts";

/** Whoever wants a blob of so many bytes or fewer while it is being kept waits for that; a larger one comes from the source. */
const worthWaiting = 32 * 1024 * 1024;

/** Reads blobs from a source and keeps them in a cache meanwhile, each once, also when the reader leaves. */
export class BlobFills {
  readonly #source: Source;
  readonly #cache: Target;
  readonly #running = new Map<Digest, Promise<void>>();

  constructor(source: Source, cache: Target) {
    this.#source = source;
    this.#cache = cache;
  }

  /** The bytes of a blob that is not in the cache. */
  async open(what: Address, options: OpenOptions): Promise<ReadableStream<Bytes>> {
    const { start, end, signal } = options;
    // Part of a blob cannot be verified, so it cannot be kept.
    if (start || end !== undefined) return await this.#source.open(what, options);
    const running = this.#running.get(what.digest);
    if (!running) return await this.#fill(what);
    if ((what.size ?? Infinity) > worthWaiting) {
      return await readVerified(this.#source, what, { role: "blob", signal });
    }
    await running;
    return await this.#cache.open(what, options).catch(() =>
      readVerified(this.#source, what, { role: "blob", signal })
    );
  }

  /** Opens the source, and begins to keep what comes. */
  async #fill(what: Address): Promise<ReadableStream<Bytes>> {
    let end = () => {};
    this.#running.set(what.digest, new Promise((resolve) => end = resolve));
    const over = () => {
      this.#running.delete(what.digest);
      end();
    };
    // Not with the reader's signal: the cache gets the rest when the reader has left.
    const bytes = await readVerified(this.#source, what, { role: "blob" }).catch((error) => {
      over();
      throw error;
    });
    const toReader = new TransformStream<Bytes, Bytes>();
    const toCache = new TransformStream<Bytes, Bytes>();
    const { digest, size, mediaType = mediaTypes.octetStream } = what;
    const written = this.#cache.write({
      mediaType,
      digest,
      ...(size !== undefined && { size }),
      replayable: false,
      open: () => Promise.resolve(toCache.readable),
    }, { role: "blob" });
    void Promise.allSettled([pump(bytes, [toReader.writable, toCache.writable]), written]).then(over);
    // A cache that fails, or has it already, takes no more; the reader does.
    written.then(() => toCache.readable.cancel(), (error) => toCache.readable.cancel(error)).catch(() => {});
    return toReader.readable;
  }
}

/** Gives all the bytes to whoever takes them, as fast as the slowest does. Ends when nobody takes any more. */
async function pump(bytes: ReadableStream<Bytes>, to: WritableStream<Bytes>[]): Promise<void> {
  const writers = new Set(to.map((stream) => stream.getWriter()));
  for (const writer of writers) writer.closed.catch(() => {});
  try {
    for await (const chunk of chunksOf(bytes)) {
      await Promise.all(
        [...writers].map((writer) => writer.write(chunk).catch(() => void writers.delete(writer))),
      );
      if (writers.size === 0) return;
    }
    await Promise.all([...writers].map((writer) => writer.close().catch(() => {})));
  } catch (error) {
    await Promise.all([...writers].map((writer) => writer.abort(error).catch(() => {})));
  }
}
