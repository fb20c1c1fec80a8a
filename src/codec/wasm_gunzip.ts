import type { Bytes } from "../bytes.ts";
import type { Core } from "../../wasm/core.ts";
import { Inflater, INPUT_SIZE } from "../../wasm/inflater.ts";
import { ByteSource } from "./byte_source.ts";
import type { CodecEngine } from "./engine.ts";
import { takeHeader } from "./gzip_header.ts";

/** How many inflaters wait for the next stream, each with half a megabyte. */
const mostIdle = 4;

/** The core's own. */
export function wasmGunzip(load: () => Promise<Core>): Pick<CodecEngine, "work" | "run"> {
  // A new one takes longer than a small layer.
  const idle: Inflater[] = [];
  return {
    work: "gunzip",
    async *run(input) {
      const inflater = idle.pop() ?? new Inflater(await load());
      try {
        yield* gunzip(new ByteSource(input), inflater);
      } finally {
        if (idle.length < mostIdle) idle.push(inflater);
      }
    },
  };
}

async function* gunzip(source: ByteSource, inflater: Inflater): AsyncGenerator<Bytes, void, void> {
  do {
    const start = source.offset;
    await takeHeader(source);
    inflater.reset();
    yield* inflated(source, inflater);
    await trailer(source, inflater, start);
  } while ((await source.peek(1))[0] === 0x1f);
  const end = source.offset;
  for (;;) {
    const rest = await source.some(INPUT_SIZE);
    if (rest.byteLength === 0) return;
    if (rest.some((byte) => byte !== 0)) {
      throw new Error(`the last member ends at byte ${end}, and something other than zeros follows`);
    }
  }
}

async function* inflated(source: ByteSource, inflater: Inflater): AsyncGenerator<Bytes, void, void> {
  while (!inflater.done) {
    const piece = await source.some(INPUT_SIZE);
    if (piece.byteLength === 0) throw new Error(`unexpected end at byte ${source.offset}`);
    inflater.push(piece);
    for (let output = inflater.read(); output; output = inflater.read()) yield output;
    if (inflater.done) source.unread(inflater.unused);
  }
}

async function trailer(source: ByteSource, inflater: Inflater, start: number): Promise<void> {
  const at = source.offset;
  const fields = await source.take(8);
  const view = new DataView(fields.buffer, fields.byteOffset);
  const member = `of the member at byte ${start}`;
  if (view.getUint32(0, true) !== inflater.crc32) throw new Error(`wrong checksum ${member}, at byte ${at}`);
  if (view.getUint32(4, true) !== inflater.length % 2 ** 32) {
    throw new Error(`wrong length ${member}, at byte ${at + 4}`);
  }
}
