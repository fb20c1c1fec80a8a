/** The lists of entries that the fixtures expect of tars, and ours in the same form. */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { chunksOf, utf8 } from "../../src/bytes.ts";
import type { TarEntry } from "../../src/tar/mod.ts";
import { encodeName } from "../../src/tar/mod.ts";

type Text = string | { base64: string } | { length_chars: number; sha256_utf8: string };

/** What the expectations tell of an entry. */
export interface Listed {
  name: Text;
  type: string;
  mode: string;
  uid: number;
  gid: number;
  size: number;
  mtime: number;
  uname?: Text;
  gname?: Text;
  linkname?: Text;
  pax?: Record<string, Text>;
  devmajor?: number;
  devminor?: number;
  sha256?: string;
}

/** Contents that are nearly all holes are not hashed. */
const tooLong = 100_000_000;

/** An entry as the expectations have it. */
export async function listed(entry: TarEntry): Promise<Listed> {
  const kind = kinds[entry.type] ?? `other:${entry.typeflag}`;
  const isLink = kind === "symlink" || kind === "hardlink";
  return {
    name: comparable(entry.pathBytes, true),
    type: entry.typeflag === "S" ? "sparse-file" : kind,
    mode: entry.mode.toString(8),
    uid: entry.uid,
    gid: entry.gid,
    size: entry.size,
    mtime: rounded(entry.mtime.seconds + entry.mtime.nanoseconds / 1e9),
    uname: comparable(encodeName(entry.uname)),
    gname: comparable(encodeName(entry.gname)),
    pax: records([...entry.globals, ...entry.pax]),
    ...isLink ? { linkname: comparable(entry.linknameBytes) } : {},
    ...entry.type.endsWith("device") ? { devmajor: entry.devmajor, devminor: entry.devminor } : {},
    ...entry.type === "file" && entry.size <= tooLong ? { sha256: await hash("sha256", entry) } : {},
  };
}

/** The expectations in the same form, with what is decided otherwise, by entry. */
export function answers(
  list: readonly Listed[],
  changes: readonly (Partial<Listed> | undefined)[] = [],
): Listed[] {
  return Array.from({ length: Math.max(list.length, changes.length) }, (_, i) => {
    const entry = { ...list[i], ...changes[i] } as Listed;
    const isLink = entry.type === "symlink" || entry.type === "hardlink";
    return {
      name: comparable(entry.name, true),
      type: entry.type,
      mode: entry.mode,
      uid: entry.uid,
      gid: entry.gid,
      size: entry.size,
      mtime: rounded(entry.mtime),
      uname: comparable(entry.uname ?? ""),
      gname: comparable(entry.gname ?? ""),
      pax: records(Object.entries(entry.pax ?? {})),
      ...isLink ? { linkname: comparable(entry.linkname ?? "") } : {},
      ...entry.devmajor !== undefined ? { devmajor: entry.devmajor, devminor: entry.devminor! } : {},
      ...entry.sha256 !== undefined && entry.size <= tooLong ? { sha256: entry.sha256 } : {},
    };
  });
}

const kinds: Partial<Record<TarEntry["type"], string>> = {
  "file": "file",
  "directory": "dir",
  "symlink": "symlink",
  "hardlink": "hardlink",
  "character-device": "char",
  "block-device": "block",
  "fifo": "fifo",
};

/** Bytes in a form to compare: long ones are known by their hash alone. Python takes the slash from directories. */
function comparable(text: Text | Uint8Array, isName = false): string {
  if (typeof text === "object" && "sha256_utf8" in text) return text.sha256_utf8;
  let bytes = typeof text === "string"
    ? utf8(text)
    : text instanceof Uint8Array
    ? text
    : fromBase64(text.base64);
  while (isName && bytes.at(-1) === 0x2f) bytes = bytes.subarray(0, -1);
  return bytes.length > 200 ? sha256(bytes) : Buffer.from(bytes).toString("hex");
}

/** Records in a form to compare, less the maps of sparse files: the content tells whether they were understood. */
function records(pairs: readonly (readonly [string, Text | Uint8Array])[]): Record<string, string> {
  const maps = ["GNU.sparse.map", "GNU.sparse.offset", "GNU.sparse.numbytes"];
  const kept = pairs.filter(([key]) => !maps.includes(key)).map(([key, value]) => [key, comparable(value)]);
  return Object.fromEntries(kept);
}

/** To the microseconds that Python's numbers hold. */
function rounded(seconds: number): number {
  return Math.round(seconds * 1e5) / 1e5;
}

/** The hash of the content, in hexadecimal digits. */
export async function hash(algorithm: string, entry: TarEntry): Promise<string> {
  const hasher = createHash(algorithm);
  for await (const chunk of chunksOf(entry.readable)) hasher.update(chunk);
  return hasher.digest("hex");
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function fromBase64(text: string): Uint8Array {
  return Buffer.from(text, "base64");
}
