import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Bytes } from "../../src/bytes.ts";
import { chunksOf, concat } from "../../src/bytes.ts";
import { GantryError } from "../../src/errors.ts";
import { readTar, writeTar } from "../../src/tar/mod.ts";
import { block, chunked, end, latin1, padded, pax, raw } from "./tools.ts";

/** One of everything. */
const seeds: Bytes[] = [
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

/** Bytes that mean something to somebody. */
const telling = latin1("\0 0179/=\n,xgLKS352467D\x80\xff\xc0");
/** Where the fields begin. */
const fields = [0, 100, 108, 116, 124, 136, 148, 156, 157, 257, 263, 265, 329, 345, 386, 482, 483, 500];

describe("mutated tars", () => {
  it("are read or refused, never anything else", async () => {
    const random = generator(20260801);
    let read = 0;
    let refused = 0;
    for (let run = 0; run < 4000; run++) {
      const tar = mutated(seeds[run % seeds.length]!, random);
      const chunk = 1 + random(1200);
      try {
        const out = writeTar(
          checked(readTar(chunked(tar, chunk), { limits: { sparse: 1 << 20, header: 8192 } }), run),
        );
        for await (const piece of chunksOf(out)) assert.ok(piece.length > 0);
        read++;
      } catch (error) {
        if (!GantryError.is(error, "invalid-archive", "too-large")) {
          throw new Error(`run ${run}`, { cause: error });
        }
        refused++;
      }
    }
    assert.ok(read > 500 && refused > 500, `${read} read, ${refused} refused`);
  });
});

/** Reads the content of every other run, looks at all there is to know, and passes the entries on in the rest. */
async function* checked(entries: ReturnType<typeof readTar>, run: number): ReturnType<typeof readTar> {
  for await (const entry of entries) {
    const { size, path, linkname, uname, gname, mtime, atime, ctime, options } = entry;
    assert.ok(Number.isSafeInteger(size) && size >= 0);
    assert.ok([path, linkname, uname, gname].every((text) => typeof text === "string"));
    assert.ok([mtime, atime, ctime].every((time) => !time || Number.isSafeInteger(time.seconds)));
    assert.ok(options);
    if (run % 2 === 0) {
      let length = 0;
      for await (const piece of chunksOf(entry.readable)) length += piece.length;
      assert.equal(length, size);
    } else yield entry;
  }
}

function mutated(seed: Bytes, random: (below: number) => number): Bytes {
  const tar = seed.slice();
  for (let left = 1 + random(4); left > 0; left--) {
    const start = 512 * random(tar.length / 512);
    const at = start + (random(3) > 0 ? fields[random(fields.length)]! + random(12) : random(512));
    tar[Math.min(at, tar.length - 1)] = random(3) > 0 ? telling[random(telling.length)]! : random(256);
    if (random(6) > 0) fixChecksum(tar.subarray(start, start + 512));
  }
  return random(8) === 0 ? tar.slice(0, random(tar.length)) : tar;
}

function fixChecksum(header: Bytes): void {
  header.fill(0x20, 148, 156);
  const sum = header.reduce((sum, byte) => sum + byte, 0);
  header.set(latin1(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
}

/** A small generator of numbers that are the same everywhere. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}
