/** Tars with something wrong in them, and what reading one must hold to. The same seed gives the same cases. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Bytes } from "../../src/bytes.ts";
import { chunksOf, concat } from "../../src/bytes.ts";
import { GantryError } from "../../src/errors.ts";
import type { TarEntry, TarItem } from "../../src/tar/mod.ts";
import { encodeName, readTar, writeTar } from "../../src/tar/mod.ts";
import { fixture, haveFixtures } from "../support/fixtures.ts";
import { all, block, end, file, latin1, padded, pax, raw, written } from "../tar/tools.ts";

/** A whole number from 0 up to `below`, the same everywhere. */
export type Random = (below: number) => number;

/** Numbers from a seed: https://github.com/cprosche/mulberry32 */
export function generator(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor(((t ^ (t >>> 14)) >>> 0) / 2 ** 32 * below);
  };
}

/** A tar, how it is cut, and what is refused in it. */
export interface Case {
  tar: Bytes;
  chunk: number;
  limits: { header: number; entries: number; sparse: number };
}

/** Tars in which everything is that there is to get wrong, written by hand. */
export const handmade: readonly Bytes[] = [
  concat([
    raw({ name: "a" }, "hello"),
    raw({ name: "d/", flag: "5" }),
    raw({ name: "l", flag: "2", linkname: "a" }),
    end,
  ]),
  concat([
    pax({ path: "long/path", size: "3", mtime: "1.5", uid: "7" }),
    raw({ name: "a" }, "abc"),
    raw({ name: "b" }),
    end,
  ]),
  concat([
    pax({ comment: "c" }, "g"),
    raw({ flag: "L" }, "name\0"),
    raw({ flag: "K" }, "link\0"),
    raw({ flag: "1" }),
    end,
  ]),
  concat([
    raw({
      name: "s",
      flag: "S",
      magic: "ustar  \0",
      at: { 386: "00000000002\x0000000000003\0", 483: "00000000020\0" },
    }, "abc"),
    raw({ name: "b" }, "x"),
    end,
  ]),
  concat([
    pax({
      "GNU.sparse.major": "1",
      "GNU.sparse.minor": "0",
      "GNU.sparse.realsize": "9",
      "GNU.sparse.name": "s",
    }),
    raw({ name: "x" }, concat([padded("1\n0\n3\n"), latin1("abc")])),
    end,
  ]),
  concat([
    pax({ "GNU.sparse.size": "9", "GNU.sparse.numblocks": "2", "GNU.sparse.map": "0,2,8,1" }),
    raw({ name: "x" }, "abc"),
    block({ name: "old/", flag: "\0", magic: "" }),
    end,
  ]),
];

/** Tars of our own writing, of random items. */
export async function generated(count: number, random: Random): Promise<Bytes[]> {
  const tars: Bytes[] = [];
  for (let i = 0; i < count; i++) {
    tars.push(await written(Array.from({ length: 1 + random(5) }, () => randomItem(random))));
  }
  return tars;
}

function randomItem(random: Random): TarItem {
  const name = (most: number) =>
    ["f", "é", "d/", "\udc80", "x"][random(5)]!.repeat(1 + random(random(4) === 0 ? most : 8));
  const options: TarItem["options"] = {
    mode: random(0o10000),
    uid: random(random(3) === 0 ? 2 ** 32 : 1000),
    mtime: random(random(3) === 0 ? 2 ** 40 : 2 ** 31) - 1000,
    nanoseconds: random(3) === 0 ? random(1e9) : 0,
    uname: random(2) === 0 ? "" : name(40),
    ...random(4) === 0 ? { pax: new Map([[`SCHILY.xattr.${random(9)}`, latin1("\0\xff=\n")]]) } : {},
  };
  if (random(4) === 0) return { type: "symlink", path: name(300), linkname: name(200), options };
  if (random(4) === 0) return { type: "directory", path: `${name(300)}/`, options };
  return file(name(300), new Uint8Array(random(3) * random(2000)).fill(random(256)), options);
}

/** The tars among the fixtures, those that are small enough to be changed and read many times; none without fixtures. */
export function corpus(): Bytes[] {
  if (!haveFixtures) return [];
  const names = readdirSync(fixture("tar"), { recursive: true, encoding: "utf8" }).sort();
  return names.filter((name) => /\.(tar|t?gz)$/.test(name)).flatMap((name) => {
    let bytes: Uint8Array = readFileSync(fixture(`tar/${name}`));
    try {
      if (/gz$/.test(name)) bytes = gunzipSync(bytes);
    } catch {
      return []; // broken as gzip already: not about tar
    }
    return bytes.length <= 256 * 1024 ? [new Uint8Array(bytes)] : [];
  });
}

/** Case number `n` of a seed. */
export function makeCase(n: number, seed: number, tars: readonly Bytes[]): Case {
  const random = generator(seed + Math.imul(n, 0x9e3779b1));
  const original = tars[random(tars.length)]!;
  // Most of the large ones are more of the same.
  let tar = original.slice(0, 512 * (4 + random(60)));
  for (let left = random(5); left >= 0; left--) tar = mutated(tar, tars, random);
  return {
    tar,
    chunk: 1 + random(random(3) === 0 ? 40 : 3000),
    limits: { header: random(4) === 0 ? 600 : 65536, entries: random(4) === 0 ? 3 : 1000, sparse: 1 << 20 },
  };
}

/** Bytes that mean something to somebody. */
const telling = latin1("\0 0179/=\n,xgLKS352467D\x80\xff\xc0");
/** Where the fields begin. */
const fields = [0, 100, 108, 116, 124, 136, 148, 156, 157, 257, 263, 265, 329, 345, 386, 482, 483, 500];
/** The fields of numbers and their lengths. */
const numbers = [[100, 8], [108, 8], [116, 8], [124, 12], [136, 12], [329, 8], [337, 8], [386, 12], [
  483,
  12,
]] as const;
const keys = [
  "path",
  "linkpath",
  "size",
  "uid",
  "mtime",
  "atime",
  "hdrcharset",
  "GNU.sparse.major",
  "GNU.sparse.minor",
  "GNU.sparse.map",
  "GNU.sparse.size",
  "GNU.sparse.realsize",
  "GNU.sparse.numblocks",
  "GNU.sparse.offset",
  "GNU.sparse.numbytes",
  "GNU.sparse.name",
  "__proto__",
  "",
];
const values = [
  "",
  "0",
  "1",
  "3",
  "512",
  "-1",
  "1.5",
  "99999999999",
  "9007199254740993",
  "a\0b",
  "0,1,2,1",
  "\xff",
  "d/",
];

function mutated(tar: Bytes, tars: readonly Bytes[], random: Random): Bytes {
  const blocks = Math.max(1, Math.floor(tar.length / 512));
  const start = 512 * random(blocks);
  const [head, rest] = [tar.subarray(0, start), tar.subarray(start)];
  switch (random(12)) {
    case 0: // blocks are missing
      return concat([head, rest.subarray(512 * (1 + random(3)))]);
    case 1: // or twice there
      return concat([head, tar.subarray(512 * random(blocks), 512 * (1 + random(blocks))), rest]);
    case 2: // the end, where it is not expected
      return concat([head, new Uint8Array(512 * (1 + random(2))), rest]);
    case 3: {
      const other = tars[random(tars.length)]!;
      return concat([head, other.subarray(512 * random(other.length / 512)).subarray(0, 512 * 20)]);
    }
    case 4:
      return tar.slice(0, random(tar.length + 1));
    case 5: {
      const records = Array.from(
        { length: random(4) },
        (): [string, string] => [keys[random(keys.length)]!, values[random(values.length)]!],
      );
      return concat([head, pax(records, "xgX"[random(3)]), rest]);
    }
    case 6:
      return concat([head, raw({ flag: "LK"[random(2)]! }, `${"n".repeat(random(700))}\0`), rest]);
    case 7: {
      const [at, length] = numbers[random(numbers.length)]!;
      const field = randomNumber(length, random);
      const changed = tar.slice();
      if (start + at + length <= tar.length) changed.set(field, start + at);
      return random(8) === 0 ? changed : withChecksum(changed, start);
    }
    default: {
      const changed = tar.slice();
      const at = start + (random(3) > 0 ? fields[random(fields.length)]! + random(12) : random(512));
      changed[Math.min(at, tar.length - 1)] = random(3) > 0 ? telling[random(telling.length)]! : random(256);
      return random(6) === 0 ? changed : withChecksum(changed, start);
    }
  }
}

function randomNumber(length: number, random: Random): Bytes {
  if (random(3) === 0) {
    const binary = Uint8Array.from({ length }, (_, i) => i < length - 1 - random(8) ? 0 : random(256));
    binary[0] = [0x80, 0xff, 0xc0, 0x81][random(4)]!;
    return binary;
  }
  const digits = random(2 ** random(36)).toString(8).slice(0, length - 1);
  return latin1(`${digits.padStart(length - 1, random(3) === 0 ? " " : "0")}${"\0 "[random(2)]}`);
}

/** Most changes would be found by the checksum alone. */
function withChecksum(tar: Bytes, start: number): Bytes {
  const header = tar.subarray(start, start + 512);
  if (header.length < 512) return tar;
  header.fill(0x20, 148, 156);
  const sum = header.reduce((sum, byte) => sum + byte, 0);
  header.set(latin1(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return tar;
}

/**
 * Reads a case in two ways and writes it back: both ways tell the same, all is within the limits, what is written is what
 * was read. Throws when something does not hold; to refuse the tar is right too.
 */
export async function check({ tar, chunk, limits }: Case): Promise<"read" | "refused"> {
  const one = await listed(tar, chunk, limits);
  const other = await listed(tar, 65536, limits);
  assert.deepEqual(one, other, "the listing depends on the chunks");
  if (one.error !== undefined) return "refused";
  const again = await all(writeTar(readTar(new Source(tar, chunk).stream, { limits })));
  const content = again.subarray(0, again.length - 1024);
  const kept = concat([
    tar.subarray(0, content.length),
    new Uint8Array(Math.max(0, content.length - tar.length)),
  ]);
  assert.ok(content.every((byte, i) => byte === kept[i]), "written back it is not the same");
  return "read";
}

interface Listing {
  facts: unknown[];
  error: string | undefined;
}

async function listed(tar: Bytes, chunk: number, limits: Case["limits"]): Promise<Listing> {
  const source = new Source(tar, chunk);
  const facts: unknown[] = [];
  let given = 0;
  try {
    for await (const entry of readTar(source.stream, { limits })) {
      assert.ok(facts.length < limits.entries, "more entries than allowed");
      facts.push(factsOf(entry, limits));
      if (facts.length % 2 === 0) continue;
      let length = 0;
      for await (const piece of chunksOf(entry.readable)) {
        assert.ok(piece.length > 0, "an empty piece");
        length += piece.length;
      }
      assert.equal(length, entry.size, "another size than told");
      if (entry.typeflag !== "S" && !entry.pax.has("GNU.sparse.map") && !entry.pax.has("GNU.sparse.major")) {
        given += length;
      } else assert.ok(length <= limits.sparse, "a sparse file larger than allowed");
      assert.ok(given <= tar.length, "more content than there is");
    }
  } catch (error) {
    if (!GantryError.is(error, "invalid-archive", "too-large")) throw error;
    assert.ok(source.closed, "the stream is left open");
    return { facts, error: error.message };
  }
  assert.ok(source.closed, "the stream is left open");
  return { facts, error: undefined };
}

function factsOf(entry: TarEntry, limits: Case["limits"]): unknown {
  const { type, path, pathBytes, linkname, linknameBytes, size, mode, uid, gid, uname, gname } = entry;
  const { mtime, atime, ctime, devmajor, devminor, header, pax, globals, options } = entry;
  for (const number of [size, mode, uid, gid, devmajor, devminor]) assert.ok(Number.isSafeInteger(number));
  for (const time of [mtime, atime, ctime]) {
    if (!time) continue;
    assert.ok(Number.isSafeInteger(time.seconds));
    assert.ok(time.nanoseconds >= 0 && time.nanoseconds < 1e9);
  }
  assert.ok(size >= 0, "a negative size");
  assert.deepEqual(encodeName(path), pathBytes);
  assert.deepEqual(encodeName(linkname), linknameBytes);
  for (const text of [path, linkname, uname, gname]) assert.ok(!text.includes("\0"), "a NUL in a name");
  assert.ok(header.length % 512 === 0 && header.length <= 4 * limits.header + 1024, "a header too large");
  assert.ok([...globals].reduce((sum, [key, value]) => sum + key.length + value.length, 0) <= limits.header);
  const names = [type, path, linkname, uname, gname];
  const ids = [size, mode, uid, gid, devmajor, devminor, header.length];
  return [names, ids, mtime, atime, ctime, [...pax.keys()], [...globals.keys()], Object.keys(options)];
}

/** A stream that knows whether it was read to its end or cancelled. */
class Source {
  closed = false;
  readonly stream: ReadableStream<Bytes>;

  constructor(bytes: Bytes, chunk: number) {
    let at = 0;
    this.stream = new ReadableStream({
      pull: (controller) => {
        if (at < bytes.length) return controller.enqueue(bytes.slice(at, at += chunk));
        this.closed = true;
        controller.close();
      },
      cancel: () => void (this.closed = true),
    }, { highWaterMark: 0 });
  }
}
