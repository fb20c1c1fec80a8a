/**
 * zstd in WebAssembly, for runtimes that have none of their own: browsers. `@gantry/oci` has these engines in its table
 * behind the runtime's; whoever imports less adds them.
 *
 * They are those of the npm package zstd-codec, which is loaded when one of them first works. It holds zstd 1.3.6 in
 * memory of 16 MiB: windows of up to 8 MiB and levels of up to 9 fit. Its JavaScript needs `eval`, which Cloudflare
 * Workers and a strict content security policy do not allow. A bundler for browsers has to be told to leave `fs` and
 * `path` alone, which it asks for in Node only.
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
import { turn } from "../../wasm/turn.ts";
import type { CodecEngine, Job, Work } from "./engine.ts";
import { Blocks, hasChecksum } from "./zstd_frames.ts";
import { Machine } from "./zstd_machine.ts";

export type { Bytes, CodecEngine, Job, Work };

const name = "zstd-codec";
const available = () => typeof WebAssembly === "object";
const highestLevel = 9;
const slice = 128 * 1024;
const often = 1024 ** 2;

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
  const machine = await Machine.start("unzstd");
  let made = 0;
  try {
    for await (const part of rested(parts(frame))) {
      for (const piece of machine.transform(part)) {
        made += piece.byteLength;
        yield piece;
      }
    }
    for (const piece of machine.end()) {
      made += piece.byteLength;
      yield piece;
    }
  } finally {
    machine.free();
  }
  if (size !== undefined && made !== size) throw new Error(`${made} bytes came out, ${size} were promised`);
}

/** Cuts a frame into its blocks: what comes out of one is 128 KiB at most, and four bytes may become that. */
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
  for (let at = 0; at < chunk.byteLength; at += slice) yield chunk.subarray(at, at + slice);
}

async function* zstd(input: AsyncIterable<Bytes>, level: number): AsyncGenerator<Bytes, void, void> {
  const machine = await Machine.start("zstd", level);
  try {
    const { createXXHash64 } = await import("hash-wasm");
    const hash = (await createXXHash64()).init();
    const pieces = async function* () {
      for await (const chunk of rested(input)) {
        for (const part of slices(chunk)) {
          hash.update(part);
          yield* machine.transform(part);
        }
      }
      yield* machine.end();
    };
    let first = true;
    for await (const piece of pieces()) {
      // It writes no checksum. https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1: a flag in the header, and the last
      // four bytes of the hash behind the blocks, the lowest first.
      if (first) piece[4]! |= 4;
      first = false;
      yield piece;
    }
    yield new Uint8Array(hash.digest("binary").slice(-4)).reverse();
  } finally {
    machine.free();
  }
}

/** Gives others a turn every now and then: input and reader may both be in memory. */
async function* rested(chunks: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void, void> {
  let since = 0;
  for await (const chunk of chunks) {
    // Of a block with one byte in it as much may come out as of any other.
    since += Math.max(chunk.byteLength, 32 * 1024);
    if (since > often) {
      since = 0;
      await turn();
    }
    yield chunk;
  }
}
