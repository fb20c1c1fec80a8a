import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import type { TarEntry, TarItem } from "../../src/tar/mod.ts";
import { readTar, writeTar } from "../../src/tar/mod.ts";
import { all, chunked, entriesOf } from "./tools.ts";

// The shape of @std/tar 0.1, which cannot be installed where we test: what its TarStream takes.
// https://jsr.io/@std/tar/doc/~/TarStreamInput
interface TarStreamOptions {
  mode?: number;
  uid?: number;
  gid?: number;
  mtime?: number;
  uname?: string;
  gname?: string;
  devmajor?: string;
  devminor?: string;
}

type TarStreamInput =
  | {
    type: "file";
    path: string;
    size: number;
    readable: ReadableStream<Uint8Array>;
    options?: TarStreamOptions;
  }
  | { type: "directory"; path: string; options?: TarStreamOptions };

describe("@std/tar", () => {
  it("has items that writeTar takes", async () => {
    const content = utf8("hello");
    const items: TarStreamInput[] = [
      { type: "directory", path: "potato/" },
      {
        type: "file",
        path: "potato/hello",
        size: 5,
        readable: new Blob([content]).stream(),
        options: {
          mode: 0o600,
          uid: 1,
          gid: 2,
          mtime: 3,
          uname: "u",
          gname: "g",
          devmajor: "",
          devminor: "",
        },
      },
    ];
    const taken: TarItem[] = items;
    const found = await entriesOf(await all(writeTar(taken)));
    assert.deepEqual(found.map(({ entry }) => [entry.type, entry.path]), [
      ["directory", "potato/"],
      ["file", "potato/hello"],
    ]);
    const { mode, uid, gid, mtime, uname, gname } = found[1]!.entry;
    assert.deepEqual([mode, uid, gid, mtime.seconds, uname, gname], [0o600, 1, 2, 3, "u", "g"]);
    assert.deepEqual(found[1]!.content, content);
  });

  it("reads a device's numbers as octal text", async () => {
    const options: TarStreamOptions = { devmajor: "0000010", devminor: "377" };
    const tar = await all(
      writeTar([{ type: "block-device", path: "sda", options }, { type: "fifo", path: "p", options }]),
    );
    const found = (await entriesOf(tar)).map(({ entry }) => [entry.devmajor, entry.devminor]);
    assert.deepEqual(found, [[8, 255], [0, 0]]);
  });

  it("takes the entries of readTar", async () => {
    const tar = writeTar([
      { type: "directory", path: "d/" },
      { type: "file", path: "d/f", size: 2, readable: chunked(utf8("hi")), options: { mtime: 5 } },
      { type: "symlink", path: "l", linkname: "d" },
    ]);
    const inputs: TarStreamInput[] = [];
    for await (const entry of readTar(tar)) {
      const input = inputOf(entry);
      if (!input) continue;
      inputs.push(input);
      if (input.type === "file") assert.deepEqual(await all(entry.readable), utf8("hi"));
    }
    assert.deepEqual(inputs.map(({ type, path, options }) => [type, path, options?.mode, options?.mtime]), [
      ["directory", "d/", 0o755, 0],
      ["file", "d/f", 0o644, 5],
    ]);
  });
});

/** All that is needed on the way; TarStream knows files and directories only. */
function inputOf({ type, path, size, readable, options }: TarEntry): TarStreamInput | undefined {
  const { devmajor: _major, devminor: _minor, nanoseconds: _ns, pax: _pax, ...known } = options;
  if (type === "file") return { type, path, size, readable, options: known as TarStreamOptions };
  return type === "directory" ? { type, path, options: known as TarStreamOptions } : undefined;
}
