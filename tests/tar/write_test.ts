import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Bytes } from "../../src/bytes.ts";
import { concat, utf8 } from "../../src/bytes.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { GantryError } from "../../src/errors.ts";
import type { TarItem } from "../../src/tar/mod.ts";
import { decodeName, readTar, writeTar } from "../../src/tar/mod.ts";
import {
  all,
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
  written,
} from "./tools.ts";

const empty = (path: string, options?: TarItem["options"]): TarItem => ({ type: "file", path, options });

describe("writeTar", () => {
  it("writes an empty archive", async () => assert.deepEqual(await written([]), end));

  it("writes plain ustar where that holds all", async () => {
    const tar = await written([
      file("hello.txt", "hello", { mode: 0o600, uid: 1000, gid: 100, mtime: 1_500_000_000 }),
    ]);
    const fields = [
      "hello.txt".padEnd(100, "."),
      "0000600.0001750.0000144.00000000005.13132027400.011111. 0",
      ".".repeat(100),
      "ustar.00",
      ".".repeat(64),
      "0000000.0000000.",
      ".".repeat(167),
    ];
    const header = new TextDecoder().decode(tar.subarray(0, 512));
    assert.equal(header.replaceAll("\0", "."), fields.join(""));
    assert.equal(tar.length, 512 + 512 + 1024);
  });

  it("has modes and nothing of this moment or machine for defaults", async () => {
    const items: TarItem[] = [
      empty("f"),
      { type: "directory", path: "d/" },
      { type: "symlink", path: "l", linkname: "f" },
      { type: "fifo", path: "p" },
    ];
    const found = (await entriesOf(await written(items))).map(({ entry }) => entry);
    assert.deepEqual(found.map(({ mode }) => mode), [0o644, 0o755, 0o777, 0o644]);
    for (const { uid, gid, uname, gname, mtime } of found) {
      assert.deepEqual([uid, gid, uname, gname, mtime.seconds, mtime.nanoseconds], [0, 0, "", "", 0, 0]);
    }
  });

  it("gives the same bytes for the same items", async () => {
    const items =
      () => [file("é".repeat(90), "x", { pax: new Map([["b", utf8("2")], ["a", utf8("1")]]), mtime: -5 })];
    assert.deepEqual(await written(items()), await written(items()));
    const turned = [
      file("é".repeat(90), "x", { pax: new Map([["a", utf8("1")], ["b", utf8("2")]]), mtime: -5 }),
    ];
    assert.deepEqual(await written(turned), await written(items()));
  });

  it("splits long paths at a slash", async () => {
    const path = `${"p".repeat(155)}/${"n".repeat(100)}`;
    const tar = await written([empty(path)]);
    assert.equal(tar.length, 512 + 1024);
    assert.deepEqual(await pathsOf(tar), [path]);
    const directory = `${"p".repeat(60)}/${"n".repeat(60)}/`;
    assert.equal((await written([{ type: "directory", path: directory }])).length, 512 + 1024);
  });

  const inRecords: Record<string, TarItem> = {
    "a path that cannot be split": empty("n".repeat(101)),
    "a path beyond 256 bytes": empty(`${"p".repeat(155)}/${"n".repeat(101)}`),
    "a path that is not ASCII": empty("é"),
    "a long link": { type: "symlink", path: "l", linkname: "t".repeat(101) },
    "a link that is not ASCII": { type: "hardlink", path: "l", linkname: "ü" },
    "a long owner": empty("f", { uname: "u".repeat(32) }),
    "a group that is not ASCII": empty("f", { gname: "grüppe" }),
    "a large uid": empty("f", { uid: 0o10000000 }),
    "a large gid": empty("f", { gid: 2 ** 32 - 2 }),
    "a fraction of a second": empty("f", { mtime: 5, nanoseconds: 1 }),
    "a time before 1970": empty("f", { mtime: -1 }),
    "a time far away": empty("f", { mtime: 8 ** 11 }),
    "an extended attribute": empty("f", { pax: new Map([["SCHILY.xattr.user.x", latin1("\0\xff\n")]]) }),
  };
  for (const [what, item] of Object.entries(inRecords)) {
    it(`keeps ${what} in a PAX record`, async () => {
      const { entry } = await first(await written([item]));
      assert.equal(entry.pax.size, 1);
      assert.deepEqual(plain(entry.with({})), plain(item));
    });
  }

  it("keeps negative ids and large devices in base-256", async () => {
    const item: TarItem = {
      type: "character-device",
      path: "d",
      options: { uid: -2, gid: -2, devmajor: 2 ** 31, devminor: 2 ** 32 - 1 },
    };
    const { entry } = await first(await written([item]));
    assert.deepEqual([entry.uid, entry.gid, entry.devmajor, entry.devminor], [-2, -2, 2 ** 31, 2 ** 32 - 1]);
    assert.equal(entry.pax.size, 0);
  });

  it("keeps names that are not UTF-8", async () => {
    const short = decodeName(latin1("f\xfcr"));
    const long = decodeName(latin1(`f\xfcr${"x".repeat(200)}`));
    const tar = await written([empty(short), empty(long)]);
    assert.deepEqual(await pathsOf(tar), [short, long]);
    const found = await entriesOf(tar);
    assert.deepEqual(found.map(({ entry }) => [...entry.pax.keys()]), [[], ["hdrcharset", "path"]]);
    assert.deepEqual(plain(found[1]!.entry.with({})), plain(empty(long)));
  });

  it("tells the size of 8 GiB and more in both ways", async () => {
    const size = 8 ** 11;
    const reader = writeTar([{ type: "file", path: "big", size, readable: new ReadableStream() }])
      .getReader();
    const header = (await reader.read()).value!;
    await reader.cancel();
    const entries = readTar(chunked(header));
    const entry = (await entries.next()).value!;
    assert.equal(entry.size, size);
    assert.equal(new TextDecoder().decode(entry.pax.get("size")), String(size));
    await entries.return();
  });

  it("writes entries byte for byte as they were", async () => {
    const tar = concat([
      pax({ comment: "c" }, "g"),
      pax({ path: "long", "SCHILY.xattr.a": "\0" }),
      raw({ name: "a", mode: "644    \0", at: { 265: "root", 500: "junk" } }, "hello"),
      raw({ name: "L", flag: "L", magic: "ustar  \0" }, "gnu\0"),
      block({ name: "b", size: 5, magic: "ustar  \0" }),
      latin1("hello".padEnd(512, "!")),
      raw({ name: "v7/", flag: "\0", magic: "" }),
      raw({ name: "odd", flag: "V" }, "volume"),
      end,
    ]);
    assert.deepEqual(await written(readTar(chunked(tar, 100))), tar);
  });

  it("refuses an entry of which a part has been read", async () => {
    const tar = concat([raw({ name: "a" }, "x".repeat(2000)), end]);
    const read = async function* (): AsyncGenerator<TarItem> {
      for await (const entry of readTar(chunked(tar, 600))) {
        const reader = entry.stored.getReader();
        await reader.read();
        reader.releaseLock();
        yield entry;
      }
    };
    await assert.rejects(written(read()), { code: "size-mismatch" });
  });

  it("mixes entries and items", async () => {
    const old = readTar(chunked(concat([raw({ name: "a" }, "abc"), raw({ name: "b" }, "d"), end])));
    const mixed = async function* (): AsyncGenerator<TarItem> {
      yield file("before", "xyz");
      for await (const entry of old) {
        yield entry.path === "a" ? entry : entry.with({ path: "c", options: { uid: 7 } });
      }
    };
    const found = await entriesOf(await written(mixed()));
    assert.deepEqual(
      found.map(({ entry, content }) => [entry.path, entry.uid, new TextDecoder().decode(content)]),
      [
        ["before", 0, "xyz"],
        ["a", 0, "abc"],
        ["c", 7, "d"],
      ],
    );
  });

  const refused: Record<string, [item: TarItem, code: ErrorCode, message: RegExp]> = {
    "content that is too short": [
      { ...file("f", "abc"), size: 4 },
      "size-mismatch",
      /"f": 3 bytes, expected 4/,
    ],
    "content that is too long": [{ ...file("f", "abc"), size: 2 }, "size-mismatch", /"f": more than 2 bytes/],
    "content without a size": [
      { ...file("f", "abc"), size: undefined },
      "size-mismatch",
      /more than 0 bytes/,
    ],
    "a size without content": [{ type: "file", path: "f", size: 3 }, "invalid-archive", /nothing to read/],
    "a negative size": [{ ...file("f", ""), size: -1 }, "invalid-archive", /size -1/],
    "half a size": [{ ...file("f", ""), size: 0.5 }, "invalid-archive", /size 0.5/],
    "a directory with content": [
      { ...file("d", "abc"), type: "directory" },
      "invalid-archive",
      /3 bytes in a directory/,
    ],
    "no path": [empty(""), "invalid-name", /empty path/],
    "a NUL in a path": [empty("a\0b"), "invalid-name", /NUL/],
    "half a character in a path": [empty("a\ud800"), "invalid-name", /half a character/],
    "a NUL in a link": [{ type: "symlink", path: "l", linkname: "a\0" }, "invalid-name", /NUL/],
    "a NUL in an owner": [empty("f", { uname: "a\0" }), "invalid-name", /NUL/],
    "a link to nothing": [{ type: "symlink", path: "l" }, "invalid-archive", /no linkname/],
    "a file that links": [
      { type: "file", path: "l", linkname: "x" },
      "invalid-archive",
      /linkname for a file/,
    ],
    "half a mode": [empty("f", { mode: 0.5 }), "invalid-archive", /mode 0.5/],
    "a mode that is none": [empty("f", { mode: NaN }), "invalid-archive", /mode NaN/],
    "too many nanoseconds": [empty("f", { nanoseconds: 1e9 }), "invalid-archive", /nanoseconds/],
    "a record with a field of its own": [
      empty("f", { pax: new Map([["path", utf8("x")]]) }),
      "invalid-archive",
      /"path"/,
    ],
    "a record of a sparse file": [
      empty("f", { pax: new Map([["GNU.sparse.map", utf8("")]]) }),
      "invalid-archive",
      /GNU/,
    ],
    "a record with = in its key": [
      empty("f", { pax: new Map([["a=b", utf8("x")]]) }),
      "invalid-archive",
      /key/,
    ],
    "a record without key": [empty("f", { pax: new Map([["", utf8("x")]]) }), "invalid-archive", /key/],
    "a device that is none": [
      { type: "block-device", path: "d", options: { devmajor: "9" } },
      "invalid-archive",
      /devmajor/,
    ],
    "a type it does not know": [{ type: "other", path: "o" }, "unsupported", /"other"/],
  };
  for (const [what, [item, code, message]] of Object.entries(refused)) {
    it(`refuses ${what}`, () =>
      assert.rejects(written([item]), (error) => GantryError.is(error, code) && message.test(error.message)));
  }

  it("reads nothing before it is asked, and one piece at a time", async () => {
    let asked = 0;
    const items = function* (): Generator<TarItem> {
      for (;;) {
        asked++;
        yield file(`f${asked}`, "x".repeat(1000));
      }
    };
    const reader = writeTar(items()).getReader();
    await new Promise((done) => setTimeout(done, 5));
    assert.equal(asked, 0);
    await reader.read();
    await new Promise((done) => setTimeout(done, 5));
    assert.equal(asked, 1);
    await reader.cancel();
  });

  it("cancels what it reads and leaves the items when it is cancelled", async () => {
    const gone: string[] = [];
    const reader = writeTar(watched(gone)).getReader();
    await reader.read();
    const hanging = reader.read();
    await new Promise((done) => setTimeout(done, 1));
    await reader.cancel();
    assert.equal((await hanging).done, true);
    assert.deepEqual(gone, ["content", "items"]);
  });

  it("ends with its signal", async () => {
    const gone: string[] = [];
    const controller = new AbortController();
    const reader = writeTar(watched(gone), { signal: controller.signal }).getReader();
    await reader.read();
    const hanging = reader.read();
    controller.abort(new Error("enough"));
    await assert.rejects(hanging, { message: "enough" });
    assert.deepEqual(gone, ["content", "items"]);
    await assert.rejects(written0(AbortSignal.abort(new Error("before"))), { message: "before" });
  });

  it("passes the errors of content and items on", async () => {
    const content = new ReadableStream<Bytes>({
      pull: (controller) => controller.error(new Error("broken")),
    });
    await assert.rejects(written([{ type: "file", path: "f", size: 3, readable: content }]), {
      message: "broken",
    });
    const items = async function* (): AsyncGenerator<TarItem> {
      yield await Promise.reject(new Error("no items"));
    };
    await assert.rejects(written(items()), { message: "no items" });
  });

  it("does not touch the caller's buffers", async () => {
    const content = utf8("content");
    await written([{ type: "file", path: "f", size: 7, readable: new Blob([content]).stream() }]);
    const own = new Uint8Array([1, 2, 3]);
    const readable = new ReadableStream<Bytes>({
      start(controller) {
        controller.enqueue(own);
        controller.close();
      },
    });
    const tar = await written([{ type: "file", path: "f", size: 3, readable }]);
    tar.fill(0);
    assert.deepEqual(own, new Uint8Array([1, 2, 3]));
  });

  it("keeps what a header would lose in the padding", async () => {
    assert.deepEqual((await written([file("f", "abc")])).subarray(512, 1024), padded("abc"));
  });
});

/** One item whose content never comes. */
async function* watched(gone: string[]): AsyncGenerator<TarItem> {
  try {
    const readable = new ReadableStream<Bytes>({
      pull: () => new Promise(() => {}),
      cancel: () => void gone.push("content"),
    });
    yield await Promise.resolve({ type: "file", path: "f", size: 5, readable } as const);
  } finally {
    gone.push("items");
  }
}

function written0(signal: AbortSignal): Promise<Bytes> {
  return all(writeTar([file("f", "x")], { signal }));
}

/** An item's facts, the defaults filled in. */
function plain({ type, path, linkname, options = {} }: TarItem): unknown {
  const { uid = 0, gid = 0, uname = "", gname = "", mtime = 0, nanoseconds = 0, pax = new Map() } = options;
  return { type, path, linkname, uid, gid, uname, gname, mtime, nanoseconds, pax: [...pax] };
}
