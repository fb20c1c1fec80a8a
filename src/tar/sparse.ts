import { lengths, offsets } from "./header_fields.ts";
import type { Bytes } from "../bytes.ts";
import type { TarHeader } from "./header.ts";
import { readNumber } from "./numbers.ts";
import type { Fail } from "./pax.ts";
import { decimal } from "./pax.ts";
import { decodeName } from "./names.ts";
import type { SparseMap } from "./sparse_map.ts";

/** The old GNU map: 4 places in the header block, 21 in each block that follows while there is one. */
export class GnuMap {
  readonly #numbers: number[] = [];
  readonly #fail: Fail;

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  /** Takes the header block; tells whether another one follows. */
  header(head: TarHeader): boolean {
    // star has the same type with another layout.
    if (head.format !== "gnu") this.#fail("sparse file in a format that is not GNU's");
    head.size = size(readNumber(head.block, offsets.gnuRealSize, lengths.gnuRealSize), this.#fail);
    return this.#take(head.block, offsets.gnuSparse, 4, offsets.gnuSparseMore);
  }

  /** Takes a block that continues the map; tells whether another one follows. */
  more(block: Bytes): boolean {
    return this.#take(block, 0, 21, 504);
  }

  /** The map, checked. */
  map(head: TarHeader): SparseMap {
    return checkMap(this.#numbers, head.size, head.storedSize, this.#fail);
  }

  #take(block: Bytes, at: number, places: number, flag: number): boolean {
    for (let i = 0; i < places && block[at + i * 24] !== 0; i++) {
      this.#numbers.push(
        size(readNumber(block, at + i * 24, 12), this.#fail),
        size(readNumber(block, at + i * 24 + 12, 12), this.#fail),
      );
    }
    return block[flag] !== 0;
  }
}

/** How the records of an entry say that it is sparse: `0` with the map in the records, `1` with the map before the data. */
export function sparseVersion(head: TarHeader, fail: Fail): 0 | 1 | undefined {
  if (head.records.size === 0 || head.type !== "file" || head.flag === gnuSparse) return undefined;
  const record = (key: string) => decodeName(head.records.get(`GNU.sparse.${key}`) ?? empty);
  const version = `${record("major")}.${record("minor")}`;
  if (version === "1.0") return 1;
  if (version === "0.0" || version === "0.1" || (version === "." && record("map") !== "")) return 0;
  return version === "." ? undefined : fail(`unknown version of sparse file ${JSON.stringify(version)}`);
}

/** Takes name and size from the records of a sparse file. */
export function applySparseRecords(head: TarHeader, fail: Fail): void {
  const name = head.records.get("GNU.sparse.name");
  if (name && name.length > 0) head.path = name;
  const real = head.records.get("GNU.sparse.size") ?? head.records.get("GNU.sparse.realsize");
  if (real && real.length > 0) {
    head.size = decimal(real) ?? fail("size of a sparse file is not a number of bytes");
  }
}

/** The map of version 0, from the records. */
export function mapFromRecords(head: TarHeader, fail: Fail): SparseMap {
  const text = decodeName(head.records.get("GNU.sparse.map") ?? empty);
  const count = decimal(head.records.get("GNU.sparse.numblocks") ?? empty);
  const numbers = text === "" ? [] : text.split(",").map((part) => /^\d+$/.test(part) ? Number(part) : NaN);
  if (count === undefined || numbers.length !== 2 * count) {
    fail("sparse map does not have as many places as it says");
  }
  return checkMap(numbers, head.size, head.storedSize, fail);
}

/** The map of version 1: decimal lines in blocks before the data, how many pairs first. */
export class MapLines {
  readonly #numbers: number[] = [];
  readonly #fail: Fail;
  #number = 0;
  #digits = 0;

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  /** Takes a block; tells whether another one follows. */
  take(block: Bytes): boolean {
    for (const byte of block) {
      if (byte === 0x0a && this.#digits > 0) {
        this.#numbers.push(this.#number);
        this.#number = this.#digits = 0;
        if (this.#numbers.length === 1 + 2 * this.#numbers[0]!) return false;
      } else if (byte >= 0x30 && byte <= 0x39 && this.#digits < 16) {
        this.#number = this.#number * 10 + byte - 0x30;
        this.#digits++;
      } else this.#fail("sparse map is not made of numbers");
    }
    return true;
  }

  /** The map, checked against the bytes that follow it. */
  map(head: TarHeader, left: number): SparseMap {
    return checkMap(this.#numbers.slice(1), head.size, left, this.#fail);
  }
}

/** The typeflag of GNU's old sparse files. */
export const gnuSparse = 0x53;

const empty = new Uint8Array(0);

/** A map must go forward, stay inside the file and account for every byte stored. */
function checkMap(numbers: readonly number[], fileSize: number, storedSize: number, fail: Fail): SparseMap {
  let end = 0;
  let stored = 0;
  for (let i = 0; i < numbers.length; i += 2) {
    const [offset, length] = [numbers[i]!, numbers[i + 1]!];
    if (!Number.isSafeInteger(offset + length) || offset < end) {
      fail("sparse map goes back or is out of range");
    }
    end = offset + length;
    stored += length;
  }
  if (end > fileSize) fail(`sparse map goes up to ${end} in a file of ${fileSize} bytes`);
  if (stored !== storedSize) fail(`sparse map has ${stored} bytes of data, the archive ${storedSize}`);
  return numbers;
}

function size(value: number | bigint | undefined, fail: Fail): number {
  return typeof value === "number" && value >= 0 ? value : fail("sparse map is not made of numbers");
}
