import { type Bytes, concat } from "../bytes.ts";
import type { Core } from "../../wasm/core.ts";
import { Inflater, INPUT_SIZE } from "../../wasm/inflater.ts";
import type { CodecEngine } from "./engine.ts";

/** The core's own, for where the runtime has nothing faster. */
export function wasmGunzip(load: () => Promise<Core>): CodecEngine {
  return {
    name: "wasm",
    work: "gunzip",
    available: () => typeof WebAssembly === "object",
    run: (input) => gunzip(input, load),
  };
}

async function* gunzip(
  input: AsyncIterable<Bytes>,
  load: () => Promise<Core>,
): AsyncGenerator<Bytes, void, void> {
  const source = new Source(input);
  const inflater = new Inflater(await load());
  do {
    const start = source.offset;
    await header(source);
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

/** https://www.rfc-editor.org/rfc/rfc1952#section-2.3; times and names in it are nobody's business. */
async function header(source: Source): Promise<void> {
  const start = source.offset;
  const head = await source.take(10);
  if (head[0] !== 0x1f || head[1] !== 0x8b) throw new Error(`no gzip header at byte ${start}`);
  if (head[2] !== 8) throw new Error(`unknown compression method ${head[2]} at byte ${start + 2}`);
  const flags = head[3]!;
  if (flags & 0xe0) throw new Error(`unknown header flags set at byte ${start + 3}`);
  if (flags & 4) {
    const length = await source.take(2);
    await source.take(length[0]! + 256 * length[1]!);
  }
  for (const flag of [8, 16]) if (flags & flag) { while ((await source.take(1))[0] !== 0); }
  if (flags & 2) await source.take(2);
}

async function* inflated(source: Source, inflater: Inflater): AsyncGenerator<Bytes, void, void> {
  while (!inflater.done) {
    const piece = await source.some(INPUT_SIZE);
    if (piece.byteLength === 0) throw new Error(`unexpected end at byte ${source.offset}`);
    inflater.push(piece);
    for (let output = inflater.read(); output; output = inflater.read()) yield output;
    if (inflater.done) source.unread(inflater.unused);
  }
}

async function trailer(source: Source, inflater: Inflater, start: number): Promise<void> {
  const at = source.offset;
  const fields = await source.take(8);
  const view = new DataView(fields.buffer, fields.byteOffset);
  const member = `of the member at byte ${start}`;
  if (view.getUint32(0, true) !== inflater.crc32) throw new Error(`wrong checksum ${member}, at byte ${at}`);
  if (view.getUint32(4, true) !== inflater.length % 2 ** 32) {
    throw new Error(`wrong length ${member}, at byte ${at + 4}`);
  }
}

/** Input that tells where it is, and takes back what was too much. */
class Source {
  /** How many bytes were taken and not given back. */
  offset = 0;
  readonly #input: AsyncIterator<Bytes>;
  #chunk: Bytes = new Uint8Array(0);
  #at = 0;

  constructor(input: AsyncIterable<Bytes>) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** As much as is there, nothing only at the end. */
  async some(most: number): Promise<Bytes> {
    await this.peek(1);
    const bytes = this.#chunk.subarray(this.#at, this.#at + most);
    this.#at += bytes.byteLength;
    this.offset += bytes.byteLength;
    return bytes;
  }

  /** So many, exactly. */
  async take(length: number): Promise<Bytes> {
    const { byteLength } = await this.peek(length);
    if (byteLength < length) throw new Error(`unexpected end at byte ${this.offset + byteLength}`);
    return await this.some(length);
  }

  /** Shows so many, or what there is, without taking them. */
  async peek(length: number): Promise<Bytes> {
    while (this.#chunk.byteLength - this.#at < length) {
      const { done, value } = await this.#input.next();
      if (done) break;
      const rest = this.#chunk.subarray(this.#at);
      this.#chunk = rest.byteLength > 0 ? concat([rest, value]) : value;
      this.#at = 0;
    }
    return this.#chunk.subarray(this.#at, this.#at + length);
  }

  /** Gives back the end of what was taken last. */
  unread(length: number): void {
    this.#at -= length;
    this.offset -= length;
  }
}
