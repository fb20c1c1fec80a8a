import type { Bytes } from "../bytes.ts";
import { concat, utf8 } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { fields } from "./entry.ts";
import { blockSize } from "./head.ts";
import type { TarItem, TarOptions, TarType } from "./item.ts";
import { encodeName, isAscii, isUtf8 } from "./names.ts";
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

/** The header of an item: a ustar block, with a header of PAX records before it when the block cannot hold it all. */
export function encodeHeader(item: TarItem): Bytes {
  const { type, options = {} } = item;
  const flag = flags[type] ?? refuse(item, "unsupported", `nothing to write for type ${quote(type)}`);
  const path = nameBytes(item, "path", item.path);
  if (path.length === 0) refuse(item, "invalid-name", "empty path");
  const linkname = nameBytes(item, "linkname", item.linkname ?? "");
  const linked = type === "symlink" || type === "hardlink";
  if (linked !== linkname.length > 0) {
    refuse(item, "invalid-archive", linked ? "no linkname" : `a linkname for a ${type}`);
  }
  const size = sizeOf(item);
  const [prefix, name] = splitPath(path);
  const uname = nameBytes(item, "uname", options.uname ?? "");
  const gname = nameBytes(item, "gname", options.gname ?? "");
  const uid = whole(item, "uid", options.uid ?? 0);
  const gid = whole(item, "gid", options.gid ?? 0);
  const seconds = whole(item, "mtime", options.mtime ?? 0);
  const nanoseconds = whole(item, "nanoseconds", options.nanoseconds ?? 0);
  if (nanoseconds < 0 || nanoseconds > 999_999_999) {
    refuse(item, "invalid-archive", "nanoseconds out of range");
  }

  const records = new Map<string, Uint8Array>(furtherRecords(item, options));
  if (name.length > 100 || inRecord(path)) records.set("path", path);
  if (linkname.length > 100 || inRecord(linkname)) records.set("linkpath", linkname);
  if (uname.length > 31 || inRecord(uname)) records.set("uname", uname);
  if (gname.length > 31 || inRecord(gname)) records.set("gname", gname);
  if (uid >= 8 ** 7) records.set("uid", utf8(String(uid)));
  if (gid >= 8 ** 7) records.set("gid", utf8(String(gid)));
  if (size >= 8 ** 11) records.set("size", utf8(String(size)));
  if (nanoseconds > 0 || seconds < 0 || seconds >= 8 ** 11) {
    records.set("mtime", utf8(formatPaxTime({ seconds, nanoseconds })));
  }

  const block = encodeBlock({
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
  return records.size === 0 ? block : concat([encodeRecords(path, records), block]);
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
  const header = encodeBlock({
    ...plain,
    flag: "x",
    name: concat([utf8("PaxHeaders/"), base]),
    size: body.length,
  });
  return concat([header, body, new Uint8Array(paddingOf(body.length))]);
}

/** How many zeros follow so many bytes. */
export function paddingOf(size: number): number {
  return (blockSize - size % blockSize) % blockSize;
}

interface Block {
  flag: string;
  name: Bytes;
  prefix: Bytes;
  linkname: Bytes;
  uname: Bytes;
  gname: Bytes;
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
  name: empty,
  prefix: empty,
  linkname: empty,
  uname: empty,
  gname: empty,
  size: 0,
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 0,
  devmajor: 0,
  devminor: 0,
};

/** A ustar block. Texts that are too long are cut and numbers written in base-256: PAX records before it say them right. */
function encodeBlock(fields: Block): Bytes {
  const block = new Uint8Array(blockSize);
  block.set(fields.name.subarray(0, 100), 0);
  writeNumber(block, 100, 8, fields.mode);
  writeNumber(block, 108, 8, fields.uid);
  writeNumber(block, 116, 8, fields.gid);
  writeNumber(block, 124, 12, fields.size);
  writeNumber(block, 136, 12, fields.mtime);
  block.fill(0x20, 148, 156);
  block[156] = fields.flag.charCodeAt(0);
  block.set(fields.linkname.subarray(0, 100), 157);
  block.set(magic, 257);
  block.set(fields.uname.subarray(0, 31), 265);
  block.set(fields.gname.subarray(0, 31), 297);
  writeNumber(block, 329, 8, fields.devmajor);
  writeNumber(block, 337, 8, fields.devminor);
  block.set(fields.prefix, 345);
  writeNumber(block, 148, 7, block.reduce((sum, byte) => sum + byte, 0));
  return block;
}

const magic = utf8("ustar\x0000");

/** The prefix and the name of a path, which ustar joins with a slash; no prefix when no slash is at the right place. */
function splitPath(path: Bytes): [Bytes, Bytes] {
  if (path.length <= 100) return [empty, path];
  const slash = path.subarray(0, Math.min(156, path.length - 1)).lastIndexOf(0x2f);
  if (slash <= 0 || path.length - slash - 1 > 100) return [empty, path];
  return [path.subarray(0, slash), path.subarray(slash + 1)];
}

/** ustar is ASCII. Bytes that are not UTF-8 stay in the block if they fit, where every reader takes them as they are. */
function inRecord(bytes: Bytes): boolean {
  return !isAscii(bytes) && isUtf8(bytes);
}

function furtherRecords(item: TarItem, { pax = new Map() }: TarOptions): ReadonlyMap<string, Uint8Array> {
  for (const key of pax.keys()) {
    if (fields.has(key) || key.startsWith("GNU.sparse.")) {
      refuse(item, "invalid-archive", `PAX record ${quote(key)} has a field of its own`);
    }
    if (key === "" || key.includes("=") || key.includes("\0")) {
      refuse(item, "invalid-archive", `${quote(key)} cannot be the key of a PAX record`);
    }
  }
  return pax;
}

function nameBytes(item: TarItem, what: string, name: string): Bytes {
  if (name.includes("\0")) refuse(item, "invalid-name", `${what} ${quote(name)} holds a NUL`);
  return encodeName(name);
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
