import type { Bytes } from "../bytes.ts";
import { concat } from "../bytes.ts";
import type { TarType } from "./item.ts";
import { lengths, offsets } from "./header_fields.ts";
import { decodeName, isAscii } from "./names.ts";
import { readNumber } from "./numbers.ts";
import type { Fail, PaxRecords, TarTime } from "./pax.ts";
import { decimal, parsePaxTime } from "./pax.ts";
import type { SparseMap } from "./sparse_map.ts";

/** The unit of the format: headers are blocks, contents are padded to blocks. */
export const blockSize = 512;

/** Which dialect a header block is written in; PAX is ustar with records before it. */
export type Format = "v7" | "ustar" | "gnu" | "star";

/** A header as read: the fields that frame and check it are parsed, texts are looked up when asked for. */
export interface TarHeader {
  /** The entry's own block; its memory is shared with the headers around it. */
  block: Bytes;
  /** All header bytes: extensions, block, sparse blocks; shared too. */
  header: Bytes;
  format: Format;
  /** The type's character code. */
  flag: number;
  type: TarType;
  /** Bytes of content. */
  size: number;
  /** Bytes that the archive holds of it. */
  storedSize: number;
  mode: number;
  uid: number;
  gid: number;
  mtime: TarTime | number;
  devmajor: number;
  devminor: number;
  /** What stands in for the block's field. */
  path: Bytes | undefined;
  linkname: Bytes | undefined;
  uname: Bytes | undefined;
  gname: Bytes | undefined;
  records: PaxRecords;
  globals: PaxRecords;
  sparse: SparseMap | undefined;
  /** The blocks before the content that hold a sparse map (PAX 1.0). */
  map: Bytes | undefined;
}

/** No records; shared. */
export const noRecords: PaxRecords = new Map();

const types: Record<string, TarType> = {
  "\0": "file",
  "0": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "character-device",
  "4": "block-device",
  "5": "directory",
  "6": "fifo",
  "7": "file",
  "S": "file",
};
const typeOf: readonly TarType[] = Array.from(
  { length: 256 },
  (_, flag) => types[String.fromCharCode(flag)] ?? "other",
);

/** Whether the checksum of a block, which begins at a multiple of four, is right by either of the two ways to compute it. */
export function checksumHolds(block: Bytes): boolean {
  const expected = readNumber(block, offsets.checksum, lengths.checksum);
  // Four bytes at once: the 128 sums of two fit in 16 bits.
  const words = new Uint32Array(block.buffer, block.byteOffset, blockSize / 4);
  let sums = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    sums = sums + (word & 0xff00ff) + (word >>> 8 & 0xff00ff) | 0;
  }
  let sum = (sums & 0xffff) + (sums >>> 16);
  for (let i: number = offsets.checksum; i < offsets.flag; i++) sum += 0x20 - block[i]!;
  if (sum === expected) return true;
  // Old Suns summed signed characters.
  for (let i = 0; i < blockSize; i++) {
    if ((i < offsets.checksum || i >= offsets.flag) && block[i]! >= 0x80) sum -= 256;
  }
  return sum === expected;
}

/** The size of what follows a header block. */
export function sizeField(block: Uint8Array, fail: Fail): number {
  const size = numberField(block, offsets.size, lengths.size, "size", fail);
  return size < 0 ? fail("negative size") : size;
}

/** Parses a block, and checks all numbers that its type uses. */
export function parseHeader(block: Bytes, fail: Fail): TarHeader {
  const flag = block[offsets.flag]!;
  const type = typeOf[flag]!;
  const format = formatOf(block);
  const size = sizeField(block, fail);
  // Some writers leave garbage in the device numbers of other types: COMPRESS-417.
  const device = format !== "v7" && (type === "character-device" || type === "block-device");
  return {
    block,
    header: block,
    format,
    flag,
    type,
    size,
    storedSize: size,
    mode: numberField(block, offsets.mode, lengths.mode, "mode", fail),
    uid: numberField(block, offsets.uid, lengths.uid, "uid", fail),
    gid: numberField(block, offsets.gid, lengths.gid, "gid", fail),
    mtime: numberField(block, offsets.mtime, lengths.mtime, "mtime", fail),
    devmajor: device ? numberField(block, offsets.devmajor, lengths.devmajor, "devmajor", fail) : 0,
    devminor: device ? numberField(block, offsets.devminor, lengths.devminor, "devminor", fail) : 0,
    path: undefined,
    linkname: undefined,
    uname: undefined,
    gname: undefined,
    records: noRecords,
    globals: noRecords,
    sparse: undefined,
    map: undefined,
  };
}

/** Puts PAX records in the place of fields. An empty value leaves the field. */
export function applyRecords(head: TarHeader, records: PaxRecords, fail: Fail): void {
  head.records = records;
  for (const [key, value] of records) {
    if (value.length === 0) continue;
    switch (key) {
      case "path":
        head.path = value;
        break;
      case "linkpath":
        head.linkname = value;
        break;
      case "uname":
        head.uname = value;
        break;
      case "gname":
        head.gname = value;
        break;
      case "uid":
        head.uid = identifier(key, value, fail);
        break;
      case "gid":
        head.gid = identifier(key, value, fail);
        break;
      case "size":
        head.size = head.storedSize = decimal(value) ?? fail("PAX size is not a number of bytes");
        break;
      case "mtime":
        head.mtime = parsePaxTime(value) ?? fail("PAX mtime is not a time");
        break;
      case "atime":
      case "ctime":
        if (!parsePaxTime(value)) fail(`PAX ${key} is not a time`);
        break;
    }
  }
}

/** Settles what an entry is once its name is known. Types without content have none, whatever their size says. */
export function settleType(head: TarHeader): void {
  // Before there was a type for directories, a slash at the end told them.
  if (head.flag === 0 && pathOf(head).at(-1) === 0x2f) head.type = "directory";
  if (head.type !== "file" && head.type !== "other") head.size = head.storedSize = 0;
}

/** The path's bytes. */
export function pathOf(head: TarHeader): Bytes {
  if (head.path) return head.path;
  const name = textField(head.block, 0, 100);
  const prefix = prefixOf(head);
  return prefix.length === 0 ? name : concat([prefix, slash, name]);
}

/** The bytes of where a link points. */
export function linknameOf(head: TarHeader): Bytes {
  return head.linkname ?? textField(head.block, offsets.linkname, lengths.linkname);
}

/** A text field's bytes, which end at the first NUL. */
export function textField(block: Bytes, at: number, length: number): Bytes {
  let end = at;
  while (end < at + length && block[end] !== 0) end++;
  return block.subarray(at, end);
}

/** When the content was last read or the inode last changed, where the header tells. */
export function timeOf(head: TarHeader, which: "atime" | "ctime"): TarTime | undefined {
  const record = head.records.get(which);
  if (record && record.length > 0) return parsePaxTime(record);
  const at = head.format === "gnu" ? gnuTimes[which] : head.format === "star" ? starTimes[which] : undefined;
  if (at === undefined || head.block[at] === 0) return undefined;
  const seconds = readNumber(head.block, at, 12);
  return typeof seconds === "number" ? { seconds, nanoseconds: 0 } : undefined;
}

const none = new Uint8Array(0);
const slash = new Uint8Array([0x2f]);
const gnuTimes = { atime: offsets.gnuAtime, ctime: offsets.gnuCtime };
const starTimes = { atime: offsets.starAtime, ctime: offsets.starCtime };

function prefixOf(head: TarHeader): Bytes {
  if (head.format === "ustar") return textField(head.block, offsets.prefix, lengths.prefix);
  if (head.format === "star") return textField(head.block, offsets.prefix, lengths.starPrefix);
  if (head.format !== "gnu" || head.block[offsets.prefix] === 0) return none;
  // GNU keeps times here, but Go wrote GNU headers with a prefix until 1.8: https://go.dev/issue/12594
  const prefix = textField(head.block, offsets.prefix, lengths.prefix);
  const times = typeof readNumber(head.block, offsets.gnuAtime, lengths.gnuTime) === "number" &&
    (head.block[offsets.gnuCtime] === 0 ||
      typeof readNumber(head.block, offsets.gnuCtime, lengths.gnuTime) === "number");
  return times || !isAscii(prefix) ? none : prefix;
}

function formatOf(block: Uint8Array): Format {
  const at = offsets.magic, star = offsets.starMagic;
  if (
    block[at] !== 0x75 || block[at + 1] !== 0x73 || block[at + 2] !== 0x74 || block[at + 3] !== 0x61 ||
    block[at + 4] !== 0x72
  ) return "v7"; // not "ustar"
  if (block[at + 5] === 0x20 && block[at + 6] === 0x20 && block[at + 7] === 0) return "gnu";
  if (block[at + 5] !== 0) return "v7";
  const isStar = block[star] === 0x74 && block[star + 1] === 0x61 && block[star + 2] === 0x72 &&
    block[star + 3] === 0;
  return isStar ? "star" : "ustar";
}

function numberField(block: Uint8Array, at: number, length: number, name: string, fail: Fail): number {
  const value = readNumber(block, at, length);
  if (typeof value === "number") return value;
  return fail(value === undefined ? `${name} is not a number` : `${name} ${value} is out of range`);
}

function identifier(key: string, value: Bytes, fail: Fail): number {
  const negative = value[0] === 0x2d;
  const number = decimal(negative ? value.subarray(1) : value);
  if (number === undefined) {
    return fail(`PAX ${key} ${JSON.stringify(decodeName(value.slice(0, 40)))} is not a number`);
  }
  return negative && number > 0 ? -number : number;
}
