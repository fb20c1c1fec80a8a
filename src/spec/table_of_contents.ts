/**
 * The tables of contents that some layers carry, so that one file of them can be read by itself: eStargz and zstd:chunked.
 *
 * - https://github.com/containerd/stargz-snapshotter/blob/main/docs/estargz.md
 * - https://github.com/containers/storage/blob/main/docs/containers-storage-zstd-chunked.md
 *
 * @module
 */

import { GantryError } from "../errors.ts";
import { isObject } from "./check.ts";

/** What an entry of a table can be: a file's further chunks have entries of their own. */
export type TocType = "dir" | "reg" | "symlink" | "hardlink" | "char" | "block" | "fifo" | "chunk";

/** An entry of a table, as its JSON has it. */
export interface TocEntry {
  name: string;
  type: TocType;
  size?: number;
  modtime?: string;
  linkName?: string;
  mode?: number;
  uid?: number;
  gid?: number;
  userName?: string;
  groupName?: string;
  devMajor?: number;
  devMinor?: number;
  /** Values in base64. */
  xattrs?: Record<string, string>;
  /** Of a file's content. */
  digest?: string;
  /** Where the compressed bytes of a chunk begin in the layer. */
  offset?: number;
  /** zstd:chunked: where those of the last chunk end. */
  endOffset?: number;
  /** How much of what they give belongs to others, before it. */
  innerOffset?: number;
  /** Where the chunk begins in the file. */
  chunkOffset?: number;
  /** How many bytes of the file it has; 0 for all that is left. */
  chunkSize?: number;
  chunkDigest?: string;
  /** zstd:chunked: `zeros` for a chunk that is not stored. */
  chunkType?: string;
}

/** The annotations by which a layer's descriptor tells of its table. */
export const tocAnnotations = {
  /** eStargz: the digest of the table's JSON. */
  digest: "containerd.io/snapshot/stargz/toc.digest",
  /** eStargz: how many bytes the tar has. */
  uncompressedSize: "io.containers.estargz.uncompressed-size",
  /** zstd:chunked: the digest of the compressed table; stargz-snapshotter has a name of its own. */
  checksum: [
    "io.github.containers.zstd-chunked.manifest-checksum",
    "io.containers.zstd-chunked.manifest-checksum",
  ],
  /** zstd:chunked: `offset:length:uncompressed length:1`. */
  position: [
    "io.github.containers.zstd-chunked.manifest-position",
    "io.containers.zstd-chunked.manifest-position",
  ],
} as const;

/** The name of eStargz's table in the tar. */
export const tocName = "stargz.index.json";

/** Files that tell how much of an eStargz layer is to be fetched ahead: after those, or nothing. */
export const tocLandmarks: readonly string[] = [".prefetch.landmark", ".no.prefetch.landmark"];

/** How many bytes the end of an eStargz layer has, which tells where its table is. */
export const tocFooterSize = 51;

/**
 * Parses a table; `what` names it in errors.
 *
 * @throws {GantryError} `invalid-document`.
 */
export function parseToc(text: string, what: string): TocEntry[] {
  const fail = (reason: string): never => {
    throw new GantryError("invalid-document", `read ${what}: ${reason}`);
  };
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return fail("not JSON");
  }
  const entries: unknown = isObject(document) ? document["entries"] : undefined;
  if (!isObject(document) || document["version"] !== 1) return fail("not of version 1");
  if (!Array.isArray(entries)) return fail("no list of entries");
  for (const entry of entries) {
    if (!isObject(entry) || typeof entry["name"] !== "string" || typeof entry["type"] !== "string") {
      return fail("an entry without name or type");
    }
    for (const key of numbers) {
      const value = entry[key];
      if (value !== undefined && !(Number.isSafeInteger(value) && (value as number) >= 0)) {
        return fail(`${key} of ${JSON.stringify(entry["name"])} is not a number`);
      }
    }
    for (const key of ["linkName", "digest", "chunkDigest", "chunkType"]) {
      if (entry[key] !== undefined && typeof entry[key] !== "string") {
        return fail(`${key} of ${JSON.stringify(entry["name"])} is not a string`);
      }
    }
  }
  return entries as TocEntry[];
}

const numbers = [
  "size",
  "mode",
  "uid",
  "gid",
  "offset",
  "endOffset",
  "innerOffset",
  "chunkOffset",
  "chunkSize",
];

/**
 * The end of an eStargz layer: an empty gzip member, in whose extra field the table's place stands.
 */
export function formatTocFooter(offset: number): Uint8Array<ArrayBuffer> {
  const place = new TextEncoder().encode(`${offset.toString(16).padStart(16, "0")}STARGZ`);
  const footer = new Uint8Array(tocFooterSize);
  footer.set([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 26, 0, 0x53, 0x47, 22, 0]);
  footer.set(place, 16);
  footer.set([1, 0, 0, 0xff, 0xff], 38);
  return footer;
}

/** Where the table begins, by the end of a layer; undefined when that is not an eStargz layer's. */
export function parseTocFooter(footer: Uint8Array): number | undefined {
  const head = [0x1f, 0x8b, 8, 4, -1, -1, -1, -1, -1, -1, 26, 0, 0x53, 0x47, 22, 0];
  if (footer.length !== tocFooterSize || head.some((byte, i) => byte >= 0 && footer[i] !== byte)) {
    return undefined;
  }
  const [, hex] = /^([0-9a-f]{16})STARGZ$/.exec(new TextDecoder().decode(footer.subarray(16, 38))) ?? [];
  const offset = hex === undefined ? NaN : parseInt(hex, 16);
  return Number.isSafeInteger(offset) ? offset : undefined;
}
