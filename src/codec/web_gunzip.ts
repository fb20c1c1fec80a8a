import { type Bytes, concat } from "../bytes.ts";
import { Decoder } from "./web_decoder.ts";

// A DecompressionStream takes one member and treats whatever follows as an error, without telling where the member ended.
// But a member ends with the length of its content: where the four bytes before a header agree with what came out so far,
// the member has ended. If they agree by chance, the stream finds its member cut short: an error, never wrong output.

/** Bytes of an empty member. */
const leastMember = 18;
/** Bytes at the end of a chunk that the next one may make the end of a member: its length, and a header without its last byte. */
const overlap = 4 + 3;
/** Bytes that go into the decoder at once. */
const slice = 16 * 1024;

/** gunzip by DecompressionStream, a member at a time. */
export async function* gunzip(input: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void, void> {
  let member = new Member();
  let seen: Bytes = new Uint8Array(0);
  let written = 0;
  let zeros = 0;

  async function* write(chunk: Bytes): AsyncGenerator<Bytes, void, void> {
    seen = concat([seen, chunk]);
    for (let at = headerIn(seen, 4); at >= 0; at = headerIn(seen, at)) {
      yield* member.write(seen.subarray(written, at));
      written = at;
      if (member.taken < leastMember || member.produced % 2 ** 32 !== lengthIn(seen, at - 4)) {
        at++;
        continue;
      }
      yield* member.close();
      member = new Member();
      seen = seen.subarray(at);
      written = 0;
      at = 4;
    }
    const end = Math.max(0, seen.byteLength - overlap);
    if (end > written) yield* member.write(seen.subarray(written, end));
    seen = seen.subarray(end);
    written = Math.max(0, written - end);
  }

  try {
    for await (const chunk of input) {
      // Zeros at the end may be padding: that depends on what follows.
      const end = chunk.findLastIndex((byte) => byte !== 0) + 1;
      if (end > 0) {
        for (; zeros > 0; zeros -= Math.min(zeros, slice)) {
          yield* write(new Uint8Array(Math.min(zeros, slice)));
        }
        yield* write(chunk.subarray(0, end));
      }
      zeros += chunk.byteLength - end;
    }
    yield* member.write(seen.subarray(written));
    yield* member.end(zeros);
  } finally {
    member.abort();
  }
}

class Member {
  /** How many bytes went in. */
  taken = 0;
  readonly #decoder = new Decoder("gzip", slice);
  /** What went in first; of an empty member it is everything. */
  readonly #start: Bytes[] = [];

  /** How many bytes came out so far. */
  get produced(): number {
    return this.#decoder.produced;
  }

  write(bytes: Bytes): AsyncGenerator<Bytes, void, void> {
    if (this.taken < slice) this.#start.push(bytes);
    this.taken += bytes.byteLength;
    return this.#decoder.write(bytes);
  }

  close(): AsyncGenerator<Bytes, void, void> {
    return this.#decoder.close();
  }

  /** Ends the last member. Of the zeros that follow, some may belong to it; the others are padding. */
  async *end(zeros: number): AsyncGenerator<Bytes, void, void> {
    if (this.produced > 0) {
      // All but zeros has come, so some of the length has, unless the length is a multiple of 4 GiB.
      const own = Math.min(4, Math.clz32(this.produced % 2 ** 32) >> 3);
      yield* this.write(new Uint8Array(Math.min(own, zeros)));
      yield* this.close();
    } else {
      // Length and checksum of an empty member are zeros, and there may be more before them: try how many.
      await this.#endEmpty(Math.min(zeros, 12));
    }
  }

  async #endEmpty(zeros: number): Promise<void> {
    const start = concat(this.#start);
    for (let own = Math.min(8, zeros);; own++) {
      const decoder = new Decoder("gzip", slice);
      try {
        for await (const _ of decoder.write(concat([start, new Uint8Array(own)]))); // Nothing comes out.
        for await (const _ of decoder.close());
        return;
      } catch (error) {
        if (own >= zeros) throw error;
      } finally {
        decoder.abort();
      }
    }
  }

  abort(): void {
    this.#decoder.abort();
  }
}

/** Where the next gzip header is, or -1. */
function headerIn(bytes: Bytes, from: number): number {
  for (
    let at = bytes.indexOf(0x1f, from);
    at >= 0 && at + 3 < bytes.byteLength;
    at = bytes.indexOf(0x1f, at + 1)
  ) {
    if (bytes[at + 1] === 0x8b && bytes[at + 2] === 8 && bytes[at + 3]! < 0x20) return at;
  }
  return -1;
}

function lengthIn(bytes: Bytes, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
}
