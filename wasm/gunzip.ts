/**
 * gzip in members (RFC 1952), taken apart.
 *
 * @module
 */

/** What decodes the content of members: an {@link Inflater}, or the like of it in a thread. */
export interface MemberInflater {
  /** Begins another stream. */
  reset(): void;
  /** Gives it up to 64 KiB. */
  push(bytes: Uint8Array): void;
  /** The next piece of output, if there is one. */
  read(): Uint8Array<ArrayBuffer> | undefined;
  /** Whether the stream has ended, and how many bytes of the last push do not belong to it. */
  readonly done: boolean;
  readonly unused: number;
  /** Of the output so far. */
  readonly length: number;
  readonly crc32: number;
}

/** Takes gzip in pieces, and gives what is in it. */
export interface Gunzip {
  /** Gives it more input, which must not be changed until it is used up. */
  push(bytes: Uint8Array<ArrayBuffer>): void;
  /**
   * The next piece of output; nothing when it wants more input.
   *
   * @throws Error for what is no gzip, with the reason and where.
   */
  read(): Uint8Array<ArrayBuffer> | undefined;
  /**
   * Says that there is no more input.
   *
   * @throws Error when something is missing.
   */
  end(): void;
  /** How many bytes of input are used up. */
  readonly used: number;
}

/**
 * Begins a gzip stream: all members, empty ones too, and zeros after the last. What headers say of time and name is dropped.
 *
 * Threads get it as text, so it uses nothing outside of itself.
 */
export function createGunzip(inflater: MemberInflater): Gunzip {
  const pushSize = 65536, mostText = 65536;
  const hasChecksum = 2, hasExtra = 4, hasName = 8, hasComment = 16, unknownFlags = 0xe0;
  /** Input, and how much of it is used up. */
  let input: Uint8Array<ArrayBuffer> = new Uint8Array(0), at = 0;
  /** Where that input begins in the stream, and where the member does. */
  let base = 0, member = 0;
  let step: "header" | "content" | "trailer" | "next" | "padding" = "header";

  const gunzip = {
    push(bytes: Uint8Array<ArrayBuffer>): void {
      const rest = input.subarray(at);
      base += at;
      at = 0;
      if (rest.length === 0) input = bytes;
      else {
        input = new Uint8Array(rest.length + bytes.length);
        input.set(rest);
        input.set(bytes, rest.length);
      }
    },
    read(): Uint8Array<ArrayBuffer> | undefined {
      for (;;) {
        if (step === "content") {
          const piece = inflater.read();
          if (piece) return piece;
          if (inflater.done) {
            at -= inflater.unused;
            step = "trailer";
          } else if (at === input.length) return undefined;
          else {
            const from = at;
            at = Math.min(at + pushSize, input.length);
            inflater.push(input.subarray(from, at));
          }
        } else if (!(step === "header" ? takeHeader() : step === "trailer" ? takeTrailer() : takeNext())) {
          return undefined;
        }
      }
    },
    end(): void {
      if (step !== "next" && step !== "padding") {
        throw new Error(`unexpected end at byte ${base + input.length}`);
      }
    },
    get used(): number {
      return base + at;
    },
  };
  return gunzip;

  /** Takes the header of a member, if it is all here. https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1 */
  function takeHeader(): boolean {
    const head = input.subarray(at), start = base + at;
    if (head.length < 10) return false;
    if (head[0] !== 0x1f || head[1] !== 0x8b) throw new Error(`no gzip header at byte ${start}`);
    if (head[2] !== 8) throw new Error(`unknown compression method ${head[2]} at byte ${start + 2}`);
    const flags = head[3]!;
    if (flags & unknownFlags) throw new Error(`unknown header flags set at byte ${start + 3}`);
    let length = 10;
    if (flags & hasExtra) {
      if (head.length < length + 2) return false;
      length += 2 + head[length]! + 256 * head[length + 1]!;
    }
    for (const flag of [hasName, hasComment]) {
      if (!(flags & flag)) continue;
      const zero = length > head.length ? -1 : head.indexOf(0, length);
      if (head.length - length > mostText && (zero < 0 || zero - length > mostText)) {
        throw new Error(`a text of more than ${mostText} bytes at byte ${start + length}`);
      }
      if (zero < 0) return false;
      length = zero + 1;
    }
    if (flags & hasChecksum) length += 2;
    if (head.length < length) return false;
    if (flags & hasChecksum) {
      const crc = checksum(head.subarray(0, length - 2)) & 0xffff;
      if (head[length - 2]! + 256 * head[length - 1]! !== crc) {
        throw new Error(`wrong checksum of the header at byte ${start}`);
      }
    }
    member = start;
    at += length;
    inflater.reset();
    step = "content";
    return true;
  }

  /** Takes the checksum and length of what came out. */
  function takeTrailer(): boolean {
    if (input.length - at < 8) return false;
    const fields = new DataView(input.buffer, input.byteOffset + at, 8);
    if (fields.getUint32(0, true) !== inflater.crc32) {
      throw new Error(`wrong checksum of the member at byte ${member}, at byte ${base + at}`);
    }
    if (fields.getUint32(4, true) !== inflater.length % 2 ** 32) {
      throw new Error(`wrong length of the member at byte ${member}, at byte ${base + at + 4}`);
    }
    at += 8;
    member = base + at;
    step = "next";
    return true;
  }

  /** Finds another member, or zeros after the last one. */
  function takeNext(): boolean {
    if (at === input.length) return false;
    if (step === "next" && input[at] === 0x1f) {
      step = "header";
      return true;
    }
    step = "padding";
    for (; at < input.length; at++) {
      if (input[at] !== 0) {
        throw new Error(`the last member ends at byte ${member}, and something other than zeros follows`);
      }
    }
    return false;
  }

  /** CRC-32 bit by bit, without a table: few headers have a checksum, and none is long. */
  function checksum(bytes: Uint8Array): number {
    let crc = -1;
    for (const byte of bytes) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
    }
    return ~crc;
  }
}
