import type { Bytes } from "../bytes.ts";
import { concat } from "../bytes.ts";
import type { ErrorCode } from "../errors.ts";
import type { Head } from "./head.ts";
import { applyRecords, blockSize, noRecords } from "./head.ts";
import type { Fail, PaxRecords } from "./pax.ts";
import { parsePax } from "./pax.ts";

/** Ends the reading with a code and a reason. */
export type Refuse = (code: ErrorCode, reason: string) => never;

/** Whether a type is an extension: a header that speaks of the entry after it. */
export function isExtension(flag: number): boolean {
  return flag === x || flag === solarisX || flag === g || flag === longName || flag === longLink;
}

/** The header bytes before an entry's content and what they say of it; and the global records. */
export class Preamble {
  readonly #limit: number;
  readonly #refuse: Refuse;
  readonly #fail: Fail;
  #pieces: Bytes[] = [];
  #length = 0;
  #records: PaxRecords | undefined;
  #longName: Bytes | undefined;
  #longLink: Bytes | undefined;
  #globals: PaxRecords = noRecords;

  constructor(limit: number, refuse: Refuse) {
    this.#limit = limit;
    this.#refuse = refuse;
    this.#fail = (reason) => refuse("invalid-archive", reason);
  }

  /** How many bytes there are. */
  get length(): number {
    return this.#length;
  }

  /** Adds bytes, which must be nobody else's. */
  keep(piece: Bytes): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
    this.#check(this.#length, 4 * this.#limit + 2 * blockSize);
  }

  /** Refuses an extension for its size, before it is read. */
  announce(size: number): void {
    this.#check(size, this.#limit);
  }

  /** Takes what an extension says. */
  extend(flag: number, content: Bytes): void {
    if (flag === longName) this.#longName = untilNul(content);
    else if (flag === longLink) this.#longLink = untilNul(content);
    else if (flag === g) this.#mergeGlobals(parsePax(content, this.#fail));
    // A second header of records takes the place of the first, as in Go.
    else this.#records = parsePax(content, this.#fail);
  }

  /** Applies all that was said to the entry. */
  apply(head: Head): void {
    head.globals = this.#globals;
    if (this.#records) applyRecords(head, this.#records, this.#fail);
    if (this.#longName?.length) head.path = this.#longName;
    if (this.#longLink?.length) head.linkname = this.#longLink;
  }

  /** Gives all bytes and forgets them and what was said. */
  take(): Bytes {
    const bytes = this.#pieces.length === 1 ? this.#pieces[0]! : concat(this.#pieces, this.#length);
    this.#pieces = [];
    this.#length = 0;
    this.#records = this.#longName = this.#longLink = undefined;
    return bytes;
  }

  #mergeGlobals(records: PaxRecords): void {
    const merged = new Map(this.#globals);
    for (const [key, value] of records) {
      if (value.length === 0) merged.delete(key);
      else merged.set(key, value);
    }
    let length = 0;
    for (const [key, value] of merged) length += key.length + value.length;
    this.#check(length, this.#limit);
    this.#globals = merged;
  }

  #check(length: number, limit: number): void {
    if (length > limit) this.#refuse("too-large", `more than ${limit} bytes of headers`);
  }
}

// The types: PAX records for the next entry, the same as Solaris wrote it first, and for all entries that follow;
// GNU long name and long link name.
const [x, solarisX, g, longName, longLink] = [0x78, 0x58, 0x67, 0x4c, 0x4b];

function untilNul(bytes: Bytes): Bytes {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
