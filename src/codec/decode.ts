import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import type { CodecEngine } from "./engine.ts";
import { codecEngine } from "./engines.ts";
import { type DecodeLimits, withinLimits } from "./limits.ts";
import type { ByteReader } from "./byte_reader.ts";
import { pipe } from "./pipe.ts";
import { sniff, sniffLength } from "./sniff.ts";
import { frames } from "./zstd_frames.ts";

/** How to decompress. */
export interface DecodeOptions {
  /** The name of an engine. Default: the first that this runtime has. */
  engine?: string | undefined;
  /** Limits on what may come out. Default: what every real layer keeps to. */
  limits?: DecodeLimits | undefined;
  /** What is read, for the message: `layer sha256:…`. */
  what?: string | undefined;
  /**
   * Has a thread of its own decompress gzip, where there are threads, and enough input for one to pay. It reads some
   * hundred kilobytes ahead. Default: false.
   */
  thread?: boolean | undefined;
  /**
   * Called before the first output where such a thread also hashes what comes out, with the sha256 of that; it is rejected
   * when the stream breaks. Where it is not called, the caller has to hash.
   */
  onHash?: ((sha256: Promise<Bytes>) => void) | undefined;
}

/**
 * Decompresses gzip: all members, empty ones too, and zeros after the last.
 *
 * The stream errors with a `GantryError`: `invalid-archive` for anything that is broken, cut short or followed by
 * something else, `too-large` past the limits.
 *
 * @throws {GantryError} `no-engine` where nothing can do it.
 *
 * @example
 * ```ts
 * import { gunzip } from "@gantry/oci/codec";
 *
 * const layer = new Response("a layer").body!.pipeThrough(new CompressionStream("gzip"));
 * console.log(await new Response(layer.pipeThrough(gunzip())).text()); // a layer
 * ```
 */
export function gunzip(options: DecodeOptions = {}): TransformStream<Bytes, Bytes> {
  const engine = codecEngine("gunzip", options.engine);
  return pipe((input) => gunzipMembers(input, engine, options));
}

/**
 * Decompresses zstd: all frames, skippable ones left out.
 *
 * The stream errors with a `GantryError`: `invalid-archive` for anything that is broken, cut short or followed by
 * something else, `too-large` past the limits or for a window that takes too much memory.
 *
 * @throws {GantryError} `no-engine` where nothing can do it.
 *
 * @example
 * ```ts
 * import { unzstd, zstd } from "@gantry/oci/codec";
 *
 * const layer = new Response("a layer").body!.pipeThrough(zstd());
 * console.log(await new Response(layer.pipeThrough(unzstd())).text()); // a layer
 * ```
 */
export function unzstd(options: DecodeOptions = {}): TransformStream<Bytes, Bytes> {
  const engine = codecEngine("unzstd", options.engine);
  return pipe((input) => unzstdFrames(input, engine, options));
}

/**
 * Decompresses gzip and zstd, and passes on what is not compressed, as the first bytes tell. Media types are often wrong
 * about it.
 *
 * The stream errors as those of {@link gunzip} and {@link unzstd} do, with `no-engine` where nothing can do it, and with
 * `unsupported` for xz and bzip2.
 *
 * @example
 * ```ts
 * import { decompress } from "@gantry/oci/codec";
 *
 * console.log(await new Response(new Response("a layer").body!.pipeThrough(decompress())).text()); // a layer
 * ```
 */
export function decompress(options: DecodeOptions = {}): TransformStream<Bytes, Bytes> {
  return pipe(async function* (input) {
    const compression = sniff(await input.peek(sniffLength));
    switch (compression) {
      case "gzip":
        return yield* gunzipMembers(input, codecEngine("gunzip", options.engine), options);
      case "zstd":
        return yield* unzstdFrames(input, codecEngine("unzstd", options.engine), options);
      case "plain":
        return yield* withinLimits(input, input, taskOf("read", options), {
          ...options.limits,
          ratio: Infinity,
        });
      default:
        throw new GantryError(
          "unsupported",
          `${taskOf("decompress", options)}: ${compression} is not supported`,
        );
    }
  });
}

function gunzipMembers(input: ByteReader, engine: CodecEngine, options: DecodeOptions): AsyncIterable<Bytes> {
  const task = taskOf("gunzip", options);
  const { thread, onHash } = options;
  return withinLimits(
    explained(engine.run(input, { thread, onHash }), input, task),
    input,
    task,
    options.limits ?? {},
  );
}

function unzstdFrames(input: ByteReader, engine: CodecEngine, options: DecodeOptions): AsyncIterable<Bytes> {
  const task = taskOf("unzstd", options);
  const { window = 64 * 1024 ** 2 } = options.limits ?? {};
  const decoded = frames(input, { task, window, engine });
  return withinLimits(explained(decoded, input, task), input, task, options.limits ?? {});
}

function taskOf(work: string, { what }: DecodeOptions): string {
  return what === undefined ? work : `${work} ${what}`;
}

/** Turns an engine's error into a GantryError; those of the input pass through. */
async function* explained(
  output: AsyncIterable<Bytes>,
  input: ByteReader,
  task: string,
): AsyncGenerator<Bytes, void, void> {
  try {
    yield* output;
  } catch (cause) {
    if (input.failed?.error === cause || GantryError.is(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GantryError("invalid-archive", `${task}: bad data before byte ${input.offset}: ${reason}`, {
      cause,
    });
  }
}
