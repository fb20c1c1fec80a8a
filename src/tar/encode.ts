import type { Bytes } from "../bytes.ts";
import { lengths, offsets } from "./header_fields.ts";
import { concat, utf8 } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { fields } from "./entry.ts";
import { blockSize } from "./header.ts";
import type { TarItem, TarOptions, TarType } from "./item.ts";
import { encodeName, isUtf8 } from "./names.ts";
import { readNumber, writeNumber } from "./numbers.ts";
import { formatPaxRecord, formatPaxTime, quote } from "./pax.ts";

const flags: Partial<Record<TarType, string>> = {
  "file": "0",
  "hardlink": "1",
  "symlink": "2",
  "character-device": "3",
  "block-device": "4",
  "directory": "5",
  "fifo": "6",
};

/**
 * The header of an item: a ustar block, with a header of PAX records before it when the block cannot hold it all, and
 * so many zeros before that.
 */
export function encodeHeader(item: TarItem, zeros = 0): Bytes {
  const { type, options = {} } = item;
  const flag = flags[type] ?? refuse(item, "unsupported", `nothing to write for type ${quote(type)}`);
  const path = textOf(item, "path", item.path);
  if (path.length === 0) refuse(item, "invalid-name", "empty path");
  const linkname = textOf(item, "linkname", item.linkname ?? "");
  const linked = type === "symlink" || type === "hardlink";
  if (linked !== linkname.length > 0) {
    refuse(item, "invalid-archive", linked ? "no linkname" : `a linkname for a ${type}`);
  }
  const size = sizeOf(item);
  const [prefix, name] = splitPath(path);
  const uname = textOf(item, "uname", options.uname ?? "");
  const gname = textOf(item, "gname", options.gname ?? "");
  const uid = whole(item, "uid", options.uid ?? 0);
  const gid = whole(item, "gid", options.gid ?? 0);
  const seconds = whole(item, "mtime", options.mtime ?? 0);
  const nanoseconds = whole(item, "nanoseconds", options.nanoseconds ?? 0);
  if (nanoseconds < 0 || nanoseconds > 999_999_999) {
    refuse(item, "invalid-archive", "nanoseconds out of range");
  }

  const records = furtherRecords(item, options);
  if (name.length > 100 || inRecord(path)) records.set("path", bytesOf(path));
  if (linkname.length > 100 || inRecord(linkname)) records.set("linkpath", bytesOf(linkname));
  if (uname.length > 31 || inRecord(uname)) records.set("uname", bytesOf(uname));
  if (gname.length > 31 || inRecord(gname)) records.set("gname", bytesOf(gname));
  if (uid >= 8 ** 7) records.set("uid", utf8(String(uid)));
  if (gid >= 8 ** 7) records.set("gid", utf8(String(gid)));
  if (size >= 8 ** 11) records.set("size", utf8(String(size)));
  if (nanoseconds > 0 || seconds < 0 || seconds >= 8 ** 11) {
    records.set("mtime", utf8(formatPaxTime({ seconds, nanoseconds })));
  }

  const extension = records.size === 0 ? empty : encodeRecords(bytesOf(path), records);
  const bytes = new Uint8Array(zeros + extension.length + blockSize);
  bytes.set(extension, zeros);
  writeBlock(bytes.subarray(zeros + extension.length), {
    flag,
    name,
    prefix,
    linkname,
    uname,
    gname,
    size,
    mode: whole(item, "mode", options.mode ?? defaultMode(type)),
    uid,
    gid,
    mtime: seconds,
    devmajor: device(item, "devmajor", options.devmajor),
    devminor: device(item, "devminor", options.devminor),
  });
  return bytes;
}

/** How many bytes of content an item has. */
export function sizeOf(item: TarItem): number {
  const size = whole(item, "size", item.size ?? 0);
  if (size < 0) refuse(item, "invalid-archive", `size ${size}`);
  if (size > 0 && item.type !== "file") refuse(item, "invalid-archive", `${size} bytes in a ${item.type}`);
  if (size > 0 && !item.readable) {
    refuse(item, "invalid-archive", `${size} bytes, but nothing to read them from`);
  }
  return size;
}

/** A header of PAX records, sorted by key. */
function encodeRecords(path: Bytes, records: ReadonlyMap<string, Uint8Array>): Bytes {
  const keys = [...records.keys()].sort();
  // POSIX: values are UTF-8 unless this record before them says otherwise.
  const binary = ["path", "linkpath", "uname", "gname"].some((key) => !isUtf8(records.get(key) ?? empty));
  const parts = keys.map((key) => formatPaxRecord(key, records.get(key)!));
  const body = concat(binary ? [formatPaxRecord("hdrcharset", utf8("BINARY")), ...parts] : parts);
  const base = path.subarray(path.lastIndexOf(0x2f, -2) + 1).filter((byte) => byte < 0x80);
  const bytes = new Uint8Array(blockSize + body.length + paddingOf(body.length));
  const name = concat([utf8("PaxHeaders/"), base]);
  writeBlock(bytes.subarray(0, blockSize), { ...plain, flag: "x", name, size: body.length });
  bytes.set(body, blockSize);
  return bytes;
}

/** How many zeros follow so many bytes. */
export function paddingOf(size: number): number {
  return (blockSize - size % blockSize) % blockSize;
}

/** A text of a header: a string if it is ASCII, since making bytes takes longer than all else here; or its bytes. */
type Text = string | Bytes;

interface Block {
  flag: string;
  name: Text;
  prefix: Text;
  linkname: Text;
  uname: Text;
  gname: Text;
  size: number;
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  devmajor: number;
  devminor: number;
}

const empty = new Uint8Array(0);
const plain: Block = {
  flag: "",
  name: "",
  prefix: "",
  linkname: "",
  uname: "",
  gname: "",
  size: 0,
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 0,
  devmajor: 0,
  devminor: 0,
};

/**
 * Fills a ustar block, which is all zeros. Texts that are too long are cut and numbers written in base-256: PAX records
 * before it say them right.
 */
function writeBlock(block: Bytes, fields: Block): void {
  writeText(block, offsets.name, lengths.name, fields.name);
  writeNumber(block, offsets.mode, lengths.mode, fields.mode);
  writeNumber(block, offsets.uid, lengths.uid, fields.uid);
  writeNumber(block, offsets.gid, lengths.gid, fields.gid);
  writeNumber(block, offsets.size, lengths.size, fields.size);
  writeNumber(block, offsets.mtime, lengths.mtime, fields.mtime);
  block.fill(0x20, offsets.checksum, offsets.checksum + lengths.checksum);
  block[offsets.flag] = fields.flag.charCodeAt(0);
  writeText(block, offsets.linkname, lengths.linkname, fields.linkname);
  block.set(magic, offsets.magic);
  writeText(block, offsets.uname, lengths.uname - 1, fields.uname);
  writeText(block, offsets.gname, lengths.gname - 1, fields.gname);
  writeNumber(block, offsets.devmajor, lengths.devmajor, fields.devmajor);
  writeNumber(block, offsets.devminor, lengths.devminor, fields.devminor);
  writeText(block, offsets.prefix, lengths.prefix, fields.prefix);
  let sum = 0;
  for (let i = 0; i < blockSize; i++) sum += block[i]!;
  writeNumber(block, offsets.checksum, lengths.checksum - 1, sum);
}

function writeText(block: Bytes, at: number, most: number, text: Text): void {
  const length = Math.min(text.length, most);
  if (typeof text !== "string") block.set(text.subarray(0, length), at);
  else for (let i = 0; i < length; i++) block[at + i] = text.charCodeAt(i);
}

const magic = utf8("ustar\x0000");

/** The prefix and the name of a path, which ustar joins with a slash; no prefix when no slash is at the right place. */
function splitPath(text: Text): [Text, Text] {
  if (text.length <= 100) return ["", text];
  const path = bytesOf(text);
  const slash = path.subarray(0, Math.min(156, path.length - 1)).lastIndexOf(0x2f);
  if (slash <= 0 || path.length - slash - 1 > 100) return ["", path];
  return [path.subarray(0, slash), path.subarray(slash + 1)];
}

/** ustar is ASCII. Bytes that are not UTF-8 stay in the block if they fit, where every reader takes them as they are. */
function inRecord(text: Text): boolean {
  return typeof text !== "string" && isUtf8(text);
}

function furtherRecords(item: TarItem, { pax }: TarOptions): Map<string, Uint8Array> {
  for (const key of pax?.keys() ?? []) {
    if (fields.has(key) || key.startsWith("GNU.sparse.")) {
      refuse(item, "invalid-archive", `PAX record ${quote(key)} has a field of its own`);
    }
    if (key === "" || key.includes("=") || key.includes("\0")) {
      refuse(item, "invalid-archive", `${quote(key)} cannot be the key of a PAX record`);
    }
  }
  return new Map(pax);
}

function textOf(item: TarItem, what: string, name: string): Text {
  if (name.includes("\0")) refuse(item, "invalid-name", `${what} ${quote(name)} holds a NUL`);
  for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) >= 0x80) return encodeName(name);
  return name;
}

function bytesOf(text: Text): Bytes {
  return typeof text === "string" ? utf8(text) : text;
}

function device(item: TarItem, what: string, value: number | string = 0): number {
  if (!item.type.endsWith("device")) return 0;
  const bytes = typeof value === "string" ? utf8(value.padEnd(1, "0")) : undefined;
  return whole(item, what, bytes ? Number(readNumber(bytes, 0, bytes.length)) : value as number);
}

function whole(item: TarItem, what: string, value: number): number {
  return Number.isSafeInteger(value)
    ? value
    : refuse(item, "invalid-archive", `${what} ${value} is not a whole number`);
}

function defaultMode(type: TarType): number {
  return type === "directory" ? 0o755 : type === "symlink" ? 0o777 : 0o644;
}

function refuse(
  item: TarItem,
  code: "unsupported" | "invalid-name" | "invalid-archive",
  reason: string,
): never {
  throw new GantryError(code, `write tar entry ${quote(item.path)}: ${reason}`);
}
