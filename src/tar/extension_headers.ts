import type { Bytes } from "../bytes.ts";
import type { ErrorCode } from "../errors.ts";
import type { TarHeader } from "./header.ts";
import { applyRecords, blockSize, noRecords } from "./header.ts";
import type { Fail, PaxRecords } from "./pax.ts";
import { parsePax } from "./pax.ts";

/** Ends the reading with a code and a reason. */
export type Refuse = (code: ErrorCode, reason: string) => never;

// Memory of its own for each header would take longer than all else; in a slab, one entry that is kept keeps few others.
const slabSize = 16 * blockSize;

/** Whether a type is an extension: a header that speaks of the entry after it. */
export function isExtension(flag: number): boolean {
  return flag === x || flag === solarisX || flag === g || flag === longName || flag === longLink;
}

/** The header bytes before an entry's content and what they say of it; and the global records. */
export class ExtensionHeaders {
  readonly #limit: number;
  readonly #refuse: Refuse;
  readonly #fail: Fail;
  /** Header bytes lie here one behind the other, those of entries that were given before too. */
  #slab: Bytes = new Uint8Array(0);
  #start = 0;
  #end = 0;
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
    return this.#end - this.#start;
  }

  /** Adds a copy of these bytes, and gives it. */
  keep(bytes: Bytes): Bytes {
    const length = this.length + bytes.length;
    this.#check(length, 4 * this.#limit + 2 * blockSize);
    if (this.#start + length > this.#slab.length) {
      const slab = new Uint8Array(Math.max(slabSize, 2 * length));
      slab.set(this.#slab.subarray(this.#start, this.#end));
      this.#end -= this.#start;
      this.#start = 0;
      this.#slab = slab;
    }
    const copy = this.#slab.subarray(this.#end, this.#end += bytes.length);
    copy.set(bytes);
    return copy;
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
  apply(head: TarHeader): void {
    head.globals = this.#globals;
    if (this.#records) applyRecords(head, this.#records, this.#fail);
    if (this.#longName?.length) head.path = this.#longName;
    if (this.#longLink?.length) head.linkname = this.#longLink;
  }

  /** Gives all bytes and forgets them and what was said. */
  take(): Bytes {
    const bytes = this.#slab.subarray(this.#start, this.#end);
    this.#start = this.#end;
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
