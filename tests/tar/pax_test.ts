/** Cases of ../shared/notes/registry-quirks.md, section F; the id is in each name. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concat } from "../../src/bytes.ts";
import { block, end, entriesOf, first, latin1, pathsOf, pax, raw, refuses } from "./tools.ts";

describe("PAX records", () => {
  const malformed: Record<string, string> = {
    "no length": "path=x\n",
    "a length that is no number": "1x path=x\n",
    "a negative length": "-9 path=x\n",
    "a length beyond the header": "99 path=x\n",
    "a length of nothing": "0 path=x\n",
    "a length that ends before the key": "3 path=x\n",
    "a huge length": "99999999999999999999 path=x\n",
    "no newline": "9 path=xy",
    "no =": "7 path\n",
    "no key": "5 =x\n",
    "a NUL in the key": "8 pa\0=x\n",
    "NULs behind": "10 path=x\n\0\0\0",
  };
  for (const [what, body] of Object.entries(malformed)) {
    it(`F19 with ${what} are refused`, () =>
      refuses([raw({ name: "x", flag: "x" }, body), raw({ name: "a" }), end], /PAX record/));
  }

  it("F19 of the same key: the last one holds", async () => {
    const tar = concat([pax([["path", "first"], ["path", "last"]]), raw({ name: "a" }), end]);
    assert.deepEqual(await pathsOf(tar), ["last"]);
  });

  it("F19 that are empty leave the field", async () => {
    const tar = concat([pax({ path: "", uid: "", mtime: "" }), raw({ name: "a", uid: "0000005\0" }), end]);
    assert.deepEqual((await entriesOf(tar)).map(({ entry }) => [entry.path, entry.uid]), [["a", 5]]);
  });

  it("F19 keep bytes: newlines, NULs and what is not UTF-8", async () => {
    const value = "\0\n=\xff";
    const tar = concat([pax({ "SCHILY.xattr.user.x": value }), raw({ name: "a" }), end]);
    assert.deepEqual((await first(tar)).entry.pax.get("SCHILY.xattr.user.x"), latin1(value));
  });

  it("F19 with __proto__ for a key are records like others", async () => {
    const tar = concat([pax({ ["__proto__"]: "x" }), raw({ name: "a" }), end]);
    assert.deepEqual([...(await first(tar)).entry.pax.keys()], ["__proto__"]);
  });

  it("F19 and GNU long names: the long name holds", async () => {
    const tar = concat([
      pax({ path: "pax", linkpath: "pax" }),
      raw({ flag: "L", magic: "ustar  \0" }, "gnu\0"),
      raw({ flag: "K", magic: "ustar  \0" }, "gnulink\0"),
      raw({ name: "a", flag: "2", linkname: "l" }),
      end,
    ]);
    const { entry } = await first(tar);
    assert.deepEqual([entry.path, entry.linkname], ["gnu", "gnulink"]);
  });

  it("F19 global ones are told but change nothing", async () => {
    const tar = concat([
      pax({ path: "everywhere", size: "5", comment: "c" }, "g"),
      raw({ name: "a" }),
      pax({ comment: "", size: "", path: "" }, "g"),
      raw({ name: "b" }),
      end,
    ]);
    assert.deepEqual(
      (await entriesOf(tar)).map(({ entry }) => [entry.path, entry.size, [...entry.globals.keys()]]),
      [
        ["a", 0, ["path", "size", "comment"]],
        ["b", 0, []],
      ],
    );
  });

  it("F19 global ones alone are an empty archive", async () => {
    assert.deepEqual(await pathsOf(concat([pax({ comment: "c" }, "g"), end])), []);
  });

  it("F19 beyond 1 MiB are refused before they are read", async () => {
    await refuses(
      [block({ flag: "x", size: 2 ** 20 + 1 })],
      /more than 1048576 bytes of headers/,
      "too-large",
    );
    await refuses([block({ flag: "g", size: 2 ** 30 })], /more than 1048576 bytes of headers/, "too-large");
    await refuses([pax({ a: "b".repeat(100) }), end], /more than 64 bytes/, "too-large", {
      limits: { header: 64 },
    });
  });

  it("F19 without end before one entry are refused", () => {
    const many = concat(Array.from({ length: 5000 }, () => pax({ comment: "c" })));
    return refuses([many, raw({ name: "a" }), end], /bytes of headers/, "too-large");
  });

  it("F19 global ones that gather are refused", () => {
    const many = Array.from(
      { length: 20 },
      (_, i) => concat([pax({ [`k${i}`]: "x".repeat(80) }, "g"), raw({})]),
    );
    return refuses([...many, end], /more than 1000 bytes/, "too-large", { limits: { header: 1000 } });
  });
});
