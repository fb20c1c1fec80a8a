import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Bytes } from "../../src/bytes.ts";
import { chunksOf, concat } from "../../src/bytes.ts";
import { GantryError } from "../../src/errors.ts";
import { readTar } from "../../src/tar/mod.ts";
import { chunked, end, entriesOf, latin1, padded, pathsOf, pax, raw, written } from "./tools.ts";

const after = raw({ name: "after" });

/** A GNU sparse file: places in the header, the rest in blocks behind it. */
function gnu(size: number, map: [number, number][], data: string, extra: Record<number, string> = {}): Bytes {
  const place = (offset: number, length: number) => octal(offset) + octal(length);
  const [here, there] = [map.slice(0, 4), map.slice(4)];
  const header = raw({
    name: "sparse",
    flag: "S",
    magic: "ustar  \0",
    size: data.length,
    at: {
      386: here.map(([offset, length]) => place(offset, length)).join(""),
      482: there.length > 0 ? "\x01" : "\0",
      483: octal(size),
      ...extra,
    },
  });
  const blocks: Bytes[] = [];
  for (let i = 0; i < there.length; i += 21) {
    const block = new Uint8Array(512);
    block.set(latin1(there.slice(i, i + 21).map(([offset, length]) => place(offset, length)).join("")));
    block[504] = i + 21 < there.length ? 1 : 0;
    blocks.push(block);
  }
  return concat([header, ...blocks, padded(data)]);
}

function octal(number: number): string {
  return `${number.toString(8).padStart(11, "0")}\0`;
}

/** A sparse file of PAX version 1.0: the map before the data. */
function pax1(size: string, map: string, data: string): Bytes {
  const records = {
    "GNU.sparse.major": "1",
    "GNU.sparse.minor": "0",
    "GNU.sparse.name": "sparse",
    "GNU.sparse.realsize": size,
  };
  return concat([pax(records), raw({ name: "GNUSparseFile.0/sparse" }, concat([padded(map), latin1(data)]))]);
}

/** A sparse file of PAX version 0.1: the map in one record. */
function pax0(records: Record<string, string>, data: string): Bytes {
  return concat([pax({ "GNU.sparse.name": "sparse", ...records }), raw({ name: "x" }, data)]);
}

const many = Array.from({ length: 50 }, (_, i): [number, number] => [i * 10 + 5, 2]);
const manyContent = concat([
  ...many.map((_, i) => latin1(`\0\0\0\0\0${String(i).padStart(2, "0")}\0\0\0`)),
  latin1("\0\0"),
]);

describe("sparse files", () => {
  const whole: Record<string, [tar: Bytes, content: Bytes]> = {
    "GNU's, the map in the header": [
      gnu(20, [[2, 3], [10, 2]], "abcde"),
      latin1("\0\0abc\0\0\0\0\0de\0\0\0\0\0\0\0\0"),
    ],
    "GNU's, the map in more blocks": [
      gnu(502, many, many.map((_, i) => String(i).padStart(2, "0")).join("")),
      manyContent,
    ],
    "GNU's, nothing but a hole": [gnu(1000, [[1000, 0]], ""), new Uint8Array(1000)],
    "GNU's, no map": [gnu(7, [], ""), new Uint8Array(7)],
    "of version 0.0": [
      concat([
        pax([
          ["GNU.sparse.size", "9"],
          ["GNU.sparse.numblocks", "2"],
          ["GNU.sparse.offset", "0"],
          ["GNU.sparse.numbytes", "2"],
          [
            "GNU.sparse.offset",
            "8",
          ],
          ["GNU.sparse.numbytes", "1"],
          ["path", "sparse"],
        ]),
        raw({ name: "x" }, "abc"),
      ]),
      latin1("ab\0\0\0\0\0\0c"),
    ],
    "of version 0.1": [
      pax0({ "GNU.sparse.size": "9", "GNU.sparse.numblocks": "2", "GNU.sparse.map": "0,2,8,1" }, "abc"),
      latin1("ab\0\0\0\0\0\0c"),
    ],
    "of version 1.0": [pax1("9", "2\n0\n2\n8\n1\n", "abc"), latin1("ab\0\0\0\0\0\0c")],
    "of version 1.0, nothing but a hole": [pax1("9", "0\n", ""), new Uint8Array(9)],
    "of version 1.0, a map of two blocks": [
      pax1(
        "502",
        `50\n${many.flat().join("\n")}\n`,
        many.map((_, i) => String(i).padStart(2, "0")).join(""),
      ),
      manyContent,
    ],
  };
  for (const [what, [tar, content]] of Object.entries(whole)) {
    it(`F21 ${what}, are read whole`, async () => {
      for (const chunk of [1 << 20, 100, 1]) {
        const found = await entriesOf(concat([tar, after, end]), { chunk });
        assert.deepEqual(found.map(({ entry }) => entry.path), ["sparse", "after"]);
        assert.equal(found[0]!.entry.size, content.length);
        assert.deepEqual(found[0]!.content, content);
      }
    });

    it(`F21 ${what}, are skipped and written back as they are`, async () => {
      assert.deepEqual(await pathsOf(concat([tar, after, end])), ["sparse", "after"]);
      assert.deepEqual(
        await written(readTar(chunked(concat([tar, after, end]), 100))),
        concat([tar, after, end]),
      );
    });

    it(`F21 ${what}, become plain files when they are changed`, async () => {
      const changed = (async function* () {
        for await (const entry of readTar(chunked(concat([tar, end])))) yield entry.with({ path: "plain" });
      })();
      const [found] = await entriesOf(await written(changed));
      assert.deepEqual([found!.entry.path, found!.entry.pax.size], ["plain", 0]);
      assert.deepEqual(found!.content, content);
    });
  }

  const wrong: Record<string, Bytes> = {
    "a map that goes back": gnu(20, [[10, 2], [2, 3]], "abcde"),
    "a map that overlaps": gnu(20, [[2, 3], [4, 2]], "abcde"),
    "a map beyond the file": gnu(11, [[2, 3], [10, 2]], "abcde"),
    "a map with more data than there is": gnu(20, [[2, 3], [10, 3]], "abcde"),
    "a map with less data than there is": gnu(20, [[2, 3], [10, 1]], "abcde"),
    "a negative place": gnu(20, [[2, 3]], "abc", { 386: "\xff".repeat(12) }),
    "a place that overflows": gnu(20, [[2, 3]], "abc", { 386: "\x80\0\0\0\0\x1f\xff\xff\xff\xff\xff\xff" }),
    "a size that is none": gnu(20, [[2, 3]], "abc", { 483: "x".repeat(12) }),
    "GNU's type in another format": gnu(20, [[2, 3]], "abc", { 257: "ustar\x0000" }),
    "a map of words": pax0(
      { "GNU.sparse.size": "9", "GNU.sparse.numblocks": "1", "GNU.sparse.map": "0,x" },
      "abc",
    ),
    "a map of odd length": pax0({
      "GNU.sparse.size": "9",
      "GNU.sparse.numblocks": "1",
      "GNU.sparse.map": "0,1,2",
    }, "abc"),
    "a wrong number of places": pax0({
      "GNU.sparse.size": "9",
      "GNU.sparse.numblocks": "2",
      "GNU.sparse.map": "0,3",
    }, "abc"),
    "no number of places": pax0({ "GNU.sparse.size": "9", "GNU.sparse.map": "0,3" }, "abc"),
    "a negative size": pax0(
      { "GNU.sparse.size": "-9", "GNU.sparse.numblocks": "1", "GNU.sparse.map": "0,3" },
      "abc",
    ),
    "a huge place": pax0({
      "GNU.sparse.size": "9",
      "GNU.sparse.numblocks": "1",
      "GNU.sparse.map": "9".repeat(400) + ",3",
    }, "abc"),
    "records out of order": concat([
      pax([["GNU.sparse.size", "9"], ["GNU.sparse.numbytes", "3"], ["GNU.sparse.offset", "0"]]),
      raw({ name: "x" }, "abc"),
    ]),
    "a version that is not known": pax0({ "GNU.sparse.major": "2", "GNU.sparse.minor": "0" }, "abc"),
    "a map of lines that ends nowhere": pax1("9", "99\n0\n2\n", "abc"),
    "a map of lines that holds words": pax1("9", "#!map\n", "abc"),
    "a map of lines with empty ones": pax1("9", "\n\n", "abc"),
    "a map of lines longer than the file": pax1("9", `9999\n${"1\n".repeat(254)}`, ""),
    "a map of lines with huge numbers": pax1("9", `1\n${"9".repeat(40)}\n1\n`, "a"),
  };
  for (const [what, tar] of Object.entries(wrong)) {
    it(`F21 with ${what} are refused`, async () => {
      await assert.rejects(
        pathsOf(concat([tar, after, end])),
        (error) => GantryError.is(error, "invalid-archive") && /sparse/.test(error.message),
      );
    });
  }

  it("F21 of any size are listed, but given out only up to a limit", async () => {
    const tar = concat([gnu(2 ** 33 - 1, [[0, 3]], "abc"), after, end]);
    assert.deepEqual(await pathsOf(tar), ["sparse", "after"]);
    const limits = { sparse: 2 ** 32 };
    await assert.rejects(
      entriesOf(tar, { limits }),
      (error) =>
        GantryError.is(error, "too-large") && /sparse file "sparse" of 8589934591 bytes/.test(error.message),
    );
    assert.deepEqual(await written(readTar(chunked(tar), { limits })), tar);
  });

  it("F21 give out holes piece by piece, each one new", async () => {
    const pieces: Bytes[] = [];
    for await (const entry of readTar(chunked(concat([gnu(200_000, [[200_000, 0]], ""), end])))) {
      for await (const piece of chunksOf(entry.readable)) pieces.push(piece.fill(1));
    }
    assert.deepEqual(pieces.map((piece) => piece.length), [65536, 65536, 65536, 3392]);
    assert.equal(new Set(pieces.map((piece) => piece.buffer)).size, 4);
  });
});
