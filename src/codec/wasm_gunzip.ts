import type { Core } from "../../wasm/core.ts";
import { Inflater, INPUT_SIZE } from "../../wasm/inflater.ts";
import type { Bytes } from "../bytes.ts";
import { ByteReader } from "./byte_reader.ts";
import type { CodecEngine } from "./engine.ts";
import { takeHeader } from "./gzip_header.ts";

/** How many inflaters are kept for the next stream, each with half a megabyte: to make one takes longer than a small layer. */
const maxIdle = 4;

/** gunzip by the core. */
export function wasmGunzip(load: () => Promise<Core>): Pick<CodecEngine, "work" | "run"> {
  const idle: Inflater[] = [];
  return {
    work: "gunzip",
    async *run(input) {
      const inflater = idle.pop() ?? new Inflater(await load());
      try {
        yield* gunzip(new ByteReader(input[Symbol.asyncIterator]()), inflater);
      } finally {
        if (idle.length < maxIdle) idle.push(inflater);
      }
    },
  };
}

async function* gunzip(input: ByteReader, inflater: Inflater): AsyncGenerator<Bytes, void, void> {
  do {
    const start = input.offset;
    await takeHeader(input);
    inflater.reset();
    yield* inflated(input, inflater);
    await checkTrailer(input, inflater, start);
  } while ((await input.peek(1))[0] === 0x1f);
  const end = input.offset;
  for (;;) {
    const padding = await input.some(INPUT_SIZE);
    if (padding.byteLength === 0) return;
    if (padding.some((byte) => byte !== 0)) {
      throw new Error(`the last member ends at byte ${end}, and something other than zeros follows`);
    }
  }
}

async function* inflated(input: ByteReader, inflater: Inflater): AsyncGenerator<Bytes, void, void> {
  while (!inflater.done) {
    const piece = await input.some(INPUT_SIZE);
    if (piece.byteLength === 0) throw new Error(`unexpected end at byte ${input.offset}`);
    inflater.push(piece);
    for (let output = inflater.read(); output; output = inflater.read()) yield output;
    if (inflater.done) input.unread(piece.subarray(piece.byteLength - inflater.unused));
  }
}

/** https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1: CRC-32 and length of what came out. */
async function checkTrailer(input: ByteReader, inflater: Inflater, start: number): Promise<void> {
  const at = input.offset;
  const fields = await input.take(8);
  const view = new DataView(fields.buffer, fields.byteOffset);
  const member = `of the member at byte ${start}`;
  if (view.getUint32(0, true) !== inflater.crc32) throw new Error(`wrong checksum ${member}, at byte ${at}`);
  if (view.getUint32(4, true) !== inflater.length % 2 ** 32) {
    throw new Error(`wrong length ${member}, at byte ${at + 4}`);
  }
}
