/** Cases of ../shared/notes/registry-quirks.md, section F; the id is in each name. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concat, utf8 } from "../../src/bytes.ts";
import type { TarItem } from "../../src/tar/mod.ts";
import { readTar } from "../../src/tar/mod.ts";
import {
  alike,
  block,
  chunked,
  end,
  entriesOf,
  file,
  first,
  latin1,
  padded,
  pathsOf,
  pax,
  raw,
  refuses,
  written,
} from "./tools.ts";

describe("PAX size", () => {
  const b = raw({ name: "b" }, "second");

  it("F17 overrides a larger one", async () => {
    const tar = concat([
      pax({ size: "512" }),
      block({ name: "a", size: 1536 }),
      padded("a".repeat(512)),
      b,
      end,
    ]);
    assert.deepEqual((await entriesOf(tar)).map(({ entry, content }) => [entry.path, content.length]), [
      ["a", 512],
      ["b", 6],
    ]);
  });

  it("F17 overrides a smaller one", async () => {
    const hidden = raw({ name: "hidden" });
    const tar = concat([
      pax({ size: "1024" }),
      block({ name: "a", size: 0 }),
      hidden,
      new Uint8Array(512),
      b,
      end,
    ]);
    assert.deepEqual(await pathsOf(tar), ["a", "b"]);
  });

  it("F17 may have zeros before it", async () => {
    const tar = concat([pax({ size: "0000000000000000000003" }), raw({ name: "a" }, "abc"), b, end]);
    assert.deepEqual((await first(tar)).entry.size, 3);
  });

  for (const size of ["-1", "+1", "1.5", "0x10", "", " 1", "9007199254740993", "1e3"]) {
    it(`F19 ${JSON.stringify(size)} is ${size === "" ? "no record" : "refused"}`, async () => {
      const tar = [pax({ size }), raw({ name: "a" }, "abc"), b, end];
      if (size === "") assert.deepEqual(await pathsOf(concat(tar)), ["a", "b"]);
      else await refuses(tar, /PAX size/);
    });
  }
});

describe("PAX records and the headers between", () => {
  for (const [flag, what] of Object.entries({ L: "long name", K: "long link" })) {
    it(`F18 size does not apply to a GNU ${what}`, async () => {
      const tar = concat([
        pax({ size: "1024" }),
        raw({ name: "@LongLink", flag, magic: "ustar  \0" }, "long\0"),
        block({ name: "a", size: 0 }),
        padded("c".repeat(1024)),
        raw({ name: "b" }),
        end,
      ]);
      assert.deepEqual((await entriesOf(tar)).map(({ entry, content }) => [entry.path, content.length]), [
        [flag === "L" ? "long" : "a", 1024],
        ["b", 0],
      ]);
    });
  }

  it("F18 size does not apply to another PAX header, nor to a global one", async () => {
    const g = pax({ comment: "x".repeat(600) }, "g");
    const tar = concat([
      pax({ size: "5", mtime: "7" }),
      g,
      raw({ name: "a", size: 0 }, ""),
      padded("hello"),
      end,
    ]);
    const { entry } = await first(tar);
    assert.deepEqual([entry.size, entry.mtime.seconds, entry.globals.size], [5, 7, 1]);
    const second = concat([
      pax({ size: "3000", uid: "9" }),
      pax({ path: "named" }),
      raw({ name: "a" }, "abc"),
      end,
    ]);
    assert.deepEqual((await entriesOf(second)).map(({ entry }) => [entry.path, entry.size, entry.uid]), [[
      "named",
      3,
      0,
    ]]);
  });

  it("F18 apply to one entry only", async () => {
    const tar = concat([pax({ path: "long", mtime: "5.5" }), raw({ name: "a" }), raw({ name: "b" }), end]);
    assert.deepEqual((await entriesOf(tar)).map(({ entry }) => [entry.path, entry.mtime]), [
      ["long", { seconds: 5, nanoseconds: 500_000_000 }],
      ["b", { seconds: 0, nanoseconds: 0 }],
    ]);
  });
});

describe("names", () => {
  it("F13 keep bytes that are not UTF-8", async () => {
    const { entry } = await first(concat([raw({ name: latin1("f\xfcr") }), end]));
    assert.deepEqual(entry.pathBytes, latin1("f\xfcr"));
  });

  for (const key of ["path", "linkpath", "uname", "gname", "GNU.sparse.name"]) {
    it(`F13 with a NUL in PAX ${key} are refused`, () =>
      refuses([pax({ [key]: "a\0b" }), raw({ name: "x" }), end], /NUL/));
  }

  it("F13 may be long, odd or absent", async () => {
    const long = `${"d".repeat(300)}/${"é".repeat(2000)}`;
    assert.deepEqual(
      await pathsOf(concat([
        pax({ path: latin1text(long) }),
        raw({ name: "x" }),
        raw({ name: utf8("\u202egpj.exe\x1b[31m") }),
        raw({ name: "" }),
        end,
      ])),
      [long, "\u202egpj.exe\x1b[31m", ""],
    );
  });

  it("F14 that others take for the same stay apart, read, written and written back", async () => {
    // Directories, links and files, each of them only once under its very name.
    const types = ["file", "symlink", "directory"] as const;
    const items = alike.map((name, i): TarItem => {
      const type = types[i % 3]!;
      if (type === "file") return file(name, name);
      return type === "symlink" ? { type, path: name, linkname: name } : { type, path: `${name}/` };
    });
    const tar = await written(items);
    assert.deepEqual(await written(readTar(chunked(tar))), tar);
    const bytes = (texts: string[]) => texts.map((text) => utf8(text));
    const entries = (await entriesOf(tar)).map(({ entry }) => entry);
    assert.deepEqual(entries.map(({ pathBytes }) => pathBytes), bytes(items.map(({ path }) => path)));
    const links = entries.filter(({ type }) => type === "symlink");
    assert.deepEqual(
      links.map(({ linknameBytes }) => linknameBytes),
      bytes(links.map(({ path }) => path)),
    );
    const long = alike.map((name) => `${"d/".repeat(200)}${name}`); // in PAX records
    assert.deepEqual(await pathsOf(await written(long.map((path) => file(path, "")))), long);
  });
});

/** UTF-8 as the helper that takes each character for a byte wants it. */
function latin1text(text: string): string {
  return String.fromCharCode(...utf8(text));
}
