import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import type { CodecEngine } from "./engine.ts";
import type { ByteReader } from "./byte_reader.ts";

// https://www.rfc-editor.org/rfc/rfc8878#section-3
const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;

/** What a frame's header says. */
export interface FrameHeader {
  /** How much of its output a decoder has to keep, in bytes. */
  window: number;
  /** How many bytes come out, if it says so. */
  size?: number | undefined;
}

/**
 * Cuts a zstd stream into frames, leaves out the skippable ones, and has each decoded by the engine, which gets exactly the
 * bytes of the frame, with the header alone as the first chunk. Decoders cannot do this by themselves: Deno's stops at the
 * end of the first frame, and some accept a frame that is cut short.
 */
export async function* frames(
  input: ByteReader,
  options: { task: string; window: number; engine: CodecEngine },
): AsyncGenerator<Bytes, void, void> {
  do {
    const start = input.offset;
    const magic = littleEndian(await peek(4));
    if (magic - magic % 16 === skippableMagic) await skip(littleEndian((await take(8)).subarray(4)));
    else if (magic === frameMagic) yield* frame(start);
    else throw fail("neither a frame nor the end", start);
  } while ((await input.peek(1)).byteLength > 0);

  async function* frame(start: number): AsyncGenerator<Bytes, void, void> {
    const descriptor = (await peek(5))[4]!;
    const head = await take(headerLength(descriptor));
    const header = parseHeader(head);
    checkWindow(header.window, start);
    yield* options.engine.run(rest(head), header);
  }

  function checkWindow(window: number, start: number): void {
    const { task, window: allowed, engine: { name, window: most = Infinity } } = options;
    if (window <= Math.min(allowed, most)) return;
    const reason = window > allowed
      ? `at most ${allowed} allowed`
      : `at most ${most} for the engine "${name}"; "node:zlib" in Deno, Bun and Node has more`;
    throw new GantryError("too-large", `${task}: a window of ${window} bytes at byte ${start}, ${reason}`);
  }

  async function* rest(head: Bytes): AsyncGenerator<Bytes, void, void> {
    yield head;
    const blocks = new Blocks(hasChecksum(head));
    for (;;) {
      const chunk = await next();
      let end = 0;
      do end = blocks.end(chunk, end); while (end >= 0 && !blocks.last);
      if (end < 0) {
        yield chunk;
      } else {
        input.unread(chunk.subarray(end));
        yield chunk.subarray(0, end);
        return;
      }
    }
  }

  async function skip(length: number): Promise<void> {
    while (length > 0) {
      const chunk = await next();
      if (chunk.byteLength > length) input.unread(chunk.subarray(length));
      length -= Math.min(length, chunk.byteLength);
    }
  }

  async function next(): Promise<Bytes> {
    const chunk = await input.next();
    if (chunk === undefined) throw fail("unexpected end", input.offset);
    return chunk;
  }

  async function peek(length: number): Promise<Bytes> {
    const bytes = await input.peek(length);
    if (bytes.byteLength < length) throw fail("unexpected end", input.offset + bytes.byteLength);
    return bytes;
  }

  async function take(length: number): Promise<Bytes> {
    await peek(length);
    return await input.take(length);
  }

  function fail(reason: string, at: number): GantryError {
    return new GantryError("invalid-archive", `${options.task}: ${reason} at byte ${at}`);
  }
}

/** Whether the frame ends with a checksum, as its header says. */
export function hasChecksum(head: Bytes): boolean {
  return (head[4]! & 4) !== 0;
}

/** How long the header is, with the magic number, as its descriptor byte says. */
function headerLength(descriptor: number): number {
  const single = (descriptor & 0x20) !== 0;
  return 5 + (single ? 0 : 1) + dictionaryLength(descriptor) + sizeLength(descriptor);
}

function parseHeader(head: Bytes): FrameHeader {
  const descriptor = head[4]!;
  const length = sizeLength(descriptor);
  const size = length === 0
    ? undefined
    : littleEndian(head.subarray(head.byteLength - length)) + (length === 2 ? 256 : 0);
  // A frame of one segment keeps all of its content.
  if ((descriptor & 0x20) !== 0) return { window: size!, size };
  const base = 2 ** (10 + (head[5]! >> 3));
  return { window: base + base / 8 * (head[5]! & 7), size };
}

function dictionaryLength(descriptor: number): number {
  return [0, 1, 2, 4][descriptor & 3]!;
}

function sizeLength(descriptor: number): number {
  return [(descriptor & 0x20) !== 0 ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
}

/** Follows the blocks of a frame over chunks. */
export class Blocks {
  /** Whether the block that ended last is the frame's last. */
  last = false;
  readonly #checksum: boolean;
  #head = 0;
  #headLength = 0;
  #body = 0;

  constructor(checksum: boolean) {
    this.#checksum = checksum;
  }

  /** Where the block at `at` ends in the chunk, the last one with its checksum; -1 if it goes on in the next chunk. */
  end(chunk: Bytes, at: number): number {
    while (this.#headLength < 3) {
      if (at === chunk.byteLength) return -1;
      this.#head |= chunk[at++]! << (8 * this.#headLength++);
      if (this.#headLength === 3) this.#begin(this.#head);
    }
    const passed = Math.min(this.#body, chunk.byteLength - at);
    this.#body -= passed;
    if (this.#body > 0) return -1;
    this.#head = this.#headLength = 0;
    return at + passed;
  }

  #begin(head: number): void {
    this.last = (head & 1) !== 0;
    const repeated = (head >> 1 & 3) === 1;
    this.#body = (repeated ? 1 : head >> 3) + (this.last && this.#checksum ? 4 : 0);
  }
}

function littleEndian(bytes: Bytes): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}
