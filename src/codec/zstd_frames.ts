import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import type { Input } from "./pipe.ts";

// https://www.rfc-editor.org/rfc/rfc8878#section-3
const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;

/** What a frame's header tells. */
export interface FrameHeader {
  /** How much of its output a decoder keeps, in bytes. */
  window: number;
  /** How many bytes come out, if it says so. */
  size?: number | undefined;
}

/**
 * Cuts a zstd stream into frames and leaves out the skippable ones; `decode` gets the bytes of one frame, no more and no
 * less. Decoders alone will not do: Deno's stops at the end of the first frame, and some take half a frame for a whole.
 */
export async function* frames(
  input: Input,
  options: { work: string; window: number },
  decode: (frame: AsyncIterable<Bytes>, header: FrameHeader) => AsyncIterable<Bytes>,
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
    if (header.window > options.window) {
      const reason = `a window of ${header.window} bytes at byte ${start}, at most ${options.window} allowed`;
      throw new GantryError("too-large", `${options.work}: ${reason}`);
    }
    yield* decode(rest(head, (descriptor & 4) !== 0), header);
  }

  async function* rest(head: Bytes, checksum: boolean): AsyncGenerator<Bytes, void, void> {
    yield head;
    const walk = blocks(checksum);
    for (;;) {
      const chunk = await next();
      const end = walk(chunk);
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
    return new GantryError("invalid-archive", `${options.work}: ${reason} at byte ${at}`);
  }
}

/** How long the header is, the magic number included, as its descriptor tells. */
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

/** Follows the blocks of a frame over chunks; tells where in a chunk the frame ends, or -1 while it goes on. */
function blocks(checksum: boolean): (chunk: Bytes) => number {
  let head = 0;
  let headLength = 0;
  let body = 0;
  let last = false;
  return (chunk) => {
    for (let at = 0;;) {
      const passed = Math.min(body, chunk.byteLength - at);
      at += passed;
      body -= passed;
      if (last && body === 0) return at;
      if (at === chunk.byteLength) return -1;
      head |= chunk[at++]! << (8 * headLength++);
      if (headLength < 3) continue;
      last = (head & 1) !== 0;
      const repeated = (head >> 1 & 3) === 1;
      body = (repeated ? 1 : head >> 3) + (last && checksum ? 4 : 0);
      head = headLength = 0;
    }
  };
}

function littleEndian(bytes: Bytes): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}
