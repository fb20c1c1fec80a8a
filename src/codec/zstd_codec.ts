/**
 * zstd in WebAssembly, for runtimes that have none of their own: browsers. `@gantry/oci` adds these engines after the
 * runtime's; with less than that imported, add them yourself.
 *
 * They use the npm package zstd-codec, which is loaded when one of them is first used. It is zstd 1.3.6 with 16 MiB of
 * memory: windows of up to 8 MiB and levels of up to 9 fit. Its JavaScript needs `eval`, which Cloudflare Workers and a
 * strict content security policy forbid. Tell a bundler for browsers to leave out `fs` and `path`, which the package loads
 * in Node only.
 *
 * @example
 * ```ts
 * import { addCodecEngine, unzstd, zstd } from "@gantry/oci/codec";
 * import { zstdCodec } from "@gantry/oci/zstd-codec";
 *
 * for (const engine of zstdCodec) addCodecEngine(engine);
 * const layer = new Response("a layer").body!.pipeThrough(zstd({ engine: "zstd-codec" }));
 * console.log(await new Response(layer.pipeThrough(unzstd({ engine: "zstd-codec" }))).text()); // a layer
 * ```
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { yieldToEventLoop } from "../event_loop.ts";
import type { CodecEngine, Job, Work } from "./engine.ts";
import { Blocks, hasChecksum } from "./zstd_frames.ts";
import { ZstdCodecStream } from "./zstd_codec_stream.ts";

export type { Bytes, CodecEngine, Job, Work };

const name = "zstd-codec";
const available = () => typeof WebAssembly === "object";
const highestLevel = 9;
/** Input goes into the stream in slices of this size, because all that comes out of one is in memory. */
const sliceSize = 128 * 1024;
/** After so many bytes of input the event loop gets a chance to run. */
const yieldInterval = 1024 ** 2;

/** The engines of zstd-codec: `unzstd` for windows of up to 8 MiB, `zstd` for levels 1 to 9. */
export const zstdCodec: readonly CodecEngine[] = [
  {
    name,
    work: "unzstd",
    window: 8 * 1024 ** 2,
    available,
    run: unzstd,
  },
  {
    name,
    work: "zstd",
    available,
    run(input, { level = 3 }) {
      if (!Number.isInteger(level) || level < 1 || level > highestLevel) {
        const reason = `level ${level} is not one of 1 to ${highestLevel}, which the engine "${name}" has`;
        throw new GantryError("unsupported", `zstd: ${reason}; "node:zlib" in Deno, Bun and Node has 22`);
      }
      return zstd(input, level);
    },
  },
];

async function* unzstd(
  frame: AsyncIterable<Bytes>,
  { size }: Job,
): AsyncGenerator<Bytes, void, void> {
  const stream = await ZstdCodecStream.start("unzstd");
  let produced = 0;
  try {
    for await (const part of yielding(parts(frame))) {
      for (const piece of stream.transform(part)) {
        produced += piece.byteLength;
        yield piece;
      }
    }
    for (const piece of stream.end()) {
      produced += piece.byteLength;
      yield piece;
    }
  } finally {
    stream.free();
  }
  if (size !== undefined && produced !== size) {
    throw new Error(`${produced} bytes came out, ${size} were promised`);
  }
}

/** Cuts a frame into its blocks: one gives at most 128 KiB of output, and even four bytes may give that. */
async function* parts(frame: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void, void> {
  let blocks: Blocks | undefined;
  for await (const chunk of frame) {
    if (!blocks) {
      blocks = new Blocks(hasChecksum(chunk));
      yield chunk;
      continue;
    }
    for (let at = 0; at < chunk.byteLength;) {
      const end = blocks.end(chunk, at);
      yield* slices(end < 0 ? chunk.subarray(at) : chunk.subarray(at, end));
      if (end < 0) break;
      at = end;
    }
  }
}

function* slices(chunk: Bytes): Generator<Bytes, void, void> {
  for (let at = 0; at < chunk.byteLength; at += sliceSize) yield chunk.subarray(at, at + sliceSize);
}

async function* zstd(input: AsyncIterable<Bytes>, level: number): AsyncGenerator<Bytes, void, void> {
  const stream = await ZstdCodecStream.start("zstd", level);
  try {
    const { createXXHash64 } = await import("hash-wasm");
    const hash = (await createXXHash64()).init();
    const pieces = async function* () {
      for await (const chunk of yielding(input)) {
        for (const part of slices(chunk)) {
          hash.update(part);
          yield* stream.transform(part);
        }
      }
      yield* stream.end();
    };
    let first = true;
    for await (const piece of pieces()) {
      // The package writes no checksum, so we do: a flag in the header, and the low four bytes of the hash after the
      // blocks, lowest first. https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1
      if (first) piece[4]! |= 4;
      first = false;
      yield piece;
    }
    yield new Uint8Array(hash.digest("binary").slice(-4)).reverse();
  } finally {
    stream.free();
  }
}

/** The chunks, with a run of the event loop now and then: input and reader may both be in memory. */
async function* yielding(chunks: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void, void> {
  let since = 0;
  for await (const chunk of chunks) {
    // A block of one byte may give as much output as any other.
    since += Math.max(chunk.byteLength, 32 * 1024);
    if (since > yieldInterval) {
      since = 0;
      await yieldToEventLoop();
    }
    yield chunk;
  }
}
