/** Cases of ../shared/notes/registry-quirks.md, section F; the id is in each name. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concat, utf8 } from "../../src/bytes.ts";
import { digestBytes, digesting } from "../../src/digest/mod.ts";
import { GantryError } from "../../src/errors.ts";
import { readTar } from "../../src/tar/mod.ts";
import {
  block,
  chunked,
  end,
  entriesOf,
  first,
  latin1,
  padded,
  pathsOf,
  pax,
  raw,
  refuses,
} from "./tools.ts";

describe("headers", () => {
  it("F20 a GNU long name of 1 GiB is refused", () =>
    refuses([block({ flag: "L", size: 2 ** 30 })], /more than 1048576/, "too-large"));

  it("F20 a GNU long name may lack its NUL", async () => {
    assert.deepEqual(await pathsOf(concat([raw({ flag: "L" }, "long"), raw({ name: "a" }), end])), ["long"]);
  });

  it("F20 an empty GNU long name is none", async () => {
    assert.deepEqual(await pathsOf(concat([raw({ flag: "L" }, "\0"), raw({ name: "a" }), end])), ["a"]);
    assert.deepEqual(await pathsOf(concat([raw({ flag: "L" }, ""), raw({ name: "a" }), end])), ["a"]);
  });

  it("F20 base-256 sizes and times", async () => {
    const size = Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3);
    const tar = concat([
      block({ name: "a", size, mtime: new Uint8Array(12).fill(0xff) }),
      padded("abc"),
      end,
    ]);
    const { entry, content } = await first(tar);
    assert.deepEqual([entry.size, content.length, entry.mtime.seconds], [3, 3, -1]);
  });

  const sizes: Record<string, string | Uint8Array> = {
    "negative": new Uint8Array(12).fill(0xff),
    "beyond 2^53": Uint8Array.of(0x80, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0),
    "beyond 2^63": Uint8Array.of(0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    "decimal": "00000000009\0",
    "signed": "-0000000001\0",
    "split": "0000 000001\0",
  };
  for (const [what, size] of Object.entries(sizes)) {
    it(`F20 a ${what} size is refused`, () => refuses([block({ name: "a", size }), end], /size/));
    it(`F20 a ${what} size of an extension is refused`, () =>
      refuses([block({ flag: "x", size }), end], /size/));
  }

  it("F20 octal with spaces and NULs", async () => {
    for (
      const size of [
        "3          \0",
        "          3\0",
        "\0         3 ",
        "00000000003\0",
        "000000000003",
        "3\0\0\0\0\0\0\0\0\0\0\0",
      ]
    ) {
      const { entry } = await first(concat([block({ name: "a", size }), padded("abc"), end]));
      assert.equal(entry.size, 3, JSON.stringify(size));
    }
  });

  it("F20 checksums of signed and of unsigned characters", async () => {
    const header = block({ name: latin1("\xff\xfe") });
    const signed = header.slice();
    const sum = parseInt(new TextDecoder().decode(header.subarray(148, 154)), 8) - 512;
    signed.set(utf8(sum.toString(8).padStart(6, "0")), 148);
    assert.equal((await pathsOf(concat([header, signed, end]))).length, 2);
    signed[0]!--;
    await refuses([signed, end], /checksum/);
  });

  it("F20 v7: a directory is told by the slash", async () => {
    const old = (name: string) => raw({ name, flag: "\0", magic: "" }, "");
    const tar = concat([old("dir/"), old("file"), raw({ name: "new/", flag: "0" }), end]);
    assert.deepEqual((await entriesOf(tar)).map(({ entry }) => entry.type), ["directory", "file", "file"]);
  });

  it("F20 the slash counts in the name that holds", async () => {
    const tar = concat([pax({ path: "dir/" }), raw({ name: "x", flag: "\0" }, "abc"), end]);
    await refuses([tar], /checksum/); // the content of a directory is none: "abc" is read as a header
    const long = concat([raw({ flag: "L" }, "dir/\0"), raw({ name: "x", flag: "\0" }), end]);
    assert.deepEqual((await entriesOf(long)).map(({ entry }) => entry.type), ["directory"]);
  });

  it("F20 the prefix is ustar's, not GNU's nor v7's", async () => {
    const at = { 345: "prefix" };
    const tar = concat([
      raw({ name: "a", at }),
      raw({ name: "b", magic: "ustar  \0", at: { 345: "00000000001\x0000000000001\0" } }),
      raw({ name: "c", magic: "", at }),
      raw({ name: "d", at: { 345: "p".repeat(131), 476: "00000000001\x0000000000002\0", 508: "tar\0" } }),
      end,
    ]);
    const entries = (await entriesOf(tar)).map(({ entry }) => entry);
    assert.deepEqual(entries.map(({ path }) => path), ["prefix/a", "b", "c", `${"p".repeat(131)}/d`]);
    assert.deepEqual(entries.map(({ atime, ctime }) => [atime?.seconds, ctime?.seconds]), [
      [undefined, undefined],
      [1, 1],
      [undefined, undefined],
      [1, 2],
    ]);
  });

  it("F20 the prefix that old Go put in GNU headers", async () => {
    const tar = concat([raw({ name: "a", magic: "ustar  \0", at: { 345: "some/long/prefix/here" } }), end]);
    assert.deepEqual(await pathsOf(tar), ["some/long/prefix/here/a"]);
  });

  it("F20 numbers that are none are refused", async () => {
    await refuses([raw({ name: "a", mode: "0000999\0" }), end], /mode is not a number/);
    await refuses([raw({ name: "a", uid: "nobody\0\0" }), end], /uid is not a number/);
    await refuses([raw({ name: "a", mtime: "yesterday\0\0\0" }), end], /mtime is not a number/);
    await refuses([raw({ name: "a", flag: "3", at: { 329: "x\0" } }), end], /devmajor is not a number/);
  });
});

describe("ends", () => {
  const a = raw({ name: "a" }, "abc");

  it("F22 without blocks of zeros", async () => assert.deepEqual(await pathsOf(a), ["a"]));
  it("F22 with one", async () => assert.deepEqual(await pathsOf(concat([a, new Uint8Array(512)])), ["a"]));
  it("F22 with a part of one", () => refuses([a, new Uint8Array(100)], /ends inside a header/));
  it("F22 with many", async () => assert.deepEqual(await pathsOf(concat([a, new Uint8Array(9999)])), ["a"]));
  it("F22 an empty stream is an empty archive", async () =>
    assert.deepEqual(await pathsOf(new Uint8Array(0)), []));

  it("F22 what follows the end is read to the last byte but not looked at", async () => {
    let pulled = 0;
    const tar = concat([a, end, a, latin1("garbage")]);
    const counting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        pulled += chunk.length;
        controller.enqueue(chunk);
      },
    });
    const paths: string[] = [];
    for await (const { path } of readTar(chunked(tar, 100).pipeThrough(counting))) paths.push(path);
    assert.deepEqual(paths, ["a"]);
    assert.equal(pulled, tar.length);
  });

  it("F22 what follows the end counts in a diffID", async () => {
    const tar = concat([a, end, latin1("garbage")]);
    const { stream, result } = digesting();
    for await (const { path } of readTar(chunked(tar, 100).pipeThrough(stream))) assert.equal(path, "a");
    assert.deepEqual(await result, { digest: await digestBytes(tar), size: tar.length });
  });

  it("F22 one block of zeros and then junk", async () => {
    assert.deepEqual(await pathsOf(concat([a, new Uint8Array(512), padded("junk")])), ["a"]);
  });

  it("F22 an entry behind one block of zeros is refused, since only some readers see it", () =>
    refuses([a, new Uint8Array(512), a, end], /behind a block of zeros/));

  it("F22 inside content", () => refuses([a.subarray(0, 514)], /ends inside "a", 1 bytes early/));
  it("F22 inside padding", async () => assert.deepEqual(await pathsOf(a.subarray(0, 515)), ["a"]));
  it("F22 inside a header", () => refuses([a.subarray(0, 511)], /ends inside a header/));
  it("F22 inside an extension", () => refuses([pax({ path: "x" }).subarray(0, 600)], /ends inside a header/));
  it("F22 before the entry of an extension", () => refuses([pax({ path: "x" })], /ends inside a header/));
});

describe("types without content", () => {
  for (
    const [flag, type] of Object.entries({
      1: "hardlink",
      2: "symlink",
      3: "character-device",
      4: "block-device",
      5: "directory",
      6: "fifo",
    })
  ) {
    it(`F23 a ${type} has none, whatever its size says`, async () => {
      const tar = concat([block({ name: "a", flag, linkname: "l", size: 512 }), raw({ name: "b" }), end]);
      const found = await entriesOf(tar);
      assert.deepEqual(found.map(({ entry, content }) => [entry.path, entry.size, content.length]), [
        ["a", 0, 0],
        ["b", 0, 0],
      ]);
      assert.equal(found[0]!.entry.type, type);
    });
  }

  it("F23 unknown types have what their size says", async () => {
    const tar = concat([
      raw({ name: "a", flag: "V" }, "volume"),
      raw({ name: "b", flag: "7" }, "contiguous"),
      end,
    ]);
    assert.deepEqual((await entriesOf(tar)).map(({ entry, content }) => [entry.type, content.length]), [
      ["other", 6],
      ["file", 10],
    ]);
  });
});

describe("limits", () => {
  it("F24 on entries hold for a tar without end, and little of it is read", async () => {
    let pulled = 0;
    const header = raw({ name: "a" });
    const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        pulled += header.length;
        controller.enqueue(header.slice());
      },
    }, { highWaterMark: 0 });
    const reading = (async () => {
      for await (const { path } of readTar(endless, { limits: { entries: 1000 } })) assert.equal(path, "a");
    })();
    await assert.rejects(reading, (error) => GantryError.is(error, "too-large"));
    assert.ok(pulled <= 1001 * 512, `${pulled} bytes`);
  });

  it("F24 on entries", () =>
    refuses([raw({}), raw({}), raw({}), end], /more than 2 entries/, "too-large", {
      limits: { entries: 2 },
    }));

  it("name what is read and where", async () => {
    const reading = pathsOf(concat([raw({ name: "a" }), padded("junk"), end]), { what: "layer 3" });
    await assert.rejects(reading, { message: "read layer 3 at byte 512: header checksum is wrong" });
  });
});
