import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { utf8 } from "../../src/bytes.ts";
import type { TarItem, TarOptions } from "../../src/tar/mod.ts";
import { decodeName, encodeName, readTar } from "../../src/tar/mod.ts";
import { chunked, entriesOf, written } from "./tools.ts";

interface Model {
  type: TarItem["type"];
  path: string;
  linkname: string | undefined;
  content: Uint8Array;
  options: TarOptions & { mode: number; uid: number; gid: number; mtime: number };
}

const name = fc.oneof(
  fc.stringMatching(/^[a-z.-]{1,40}$/),
  fc.stringMatching(/^[a-z]{90,130}$/),
  fc.constantFrom("é", "日本語", "🌱", "a b", "-x", "a\nb", "\\n", "x=y"),
);
const utf8Path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));
const anyPath = fc.oneof(
  utf8Path,
  fc.uint8Array({ minLength: 1, maxLength: 140 }).map((bytes) => decodeName(bytes.map((byte) => byte || 1))),
);

function models(path: fc.Arbitrary<string>): fc.Arbitrary<Model> {
  return fc.record({
    type: fc.constantFrom(
      "file",
      "directory",
      "symlink",
      "hardlink",
      "fifo",
      "character-device",
      "block-device",
    ),
    path,
    linkname: path,
    content: fc.uint8Array({ maxLength: 1100 }),
    options: fc.record({
      mode: fc.integer({ min: 0, max: 0o7777 }),
      uid: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      gid: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      uname: fc.constantFrom("", "root", "ünäme", "u".repeat(40)),
      gname: fc.constantFrom("", "wheel", "g".repeat(32)),
      mtime: fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 }), fc.integer({ min: 0, max: 2 ** 35 })),
      nanoseconds: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999_999_999 })),
      devmajor: fc.integer({ min: 0, max: 4095 }),
      devminor: fc.integer({ min: 0, max: 255 }),
      pax: fc.constantFrom<ReadonlyMap<string, Uint8Array>>(
        new Map(),
        new Map([["SCHILY.xattr.user.a", new Uint8Array([0, 255, 10, 61])]]),
      ),
    }, { noNullPrototype: true }),
  }).map((model): Model => ({
    ...model,
    linkname: model.type.endsWith("link") ? model.linkname : undefined,
    content: model.type === "file" ? model.content : new Uint8Array(0),
  }));
}

function itemOf({ type, path, linkname, content, options }: Model): TarItem {
  return { type, path, linkname, size: content.length, readable: chunked(content, 300), options };
}

/** GNU tar 1.34 shows fractions of times before 1970 wrongly. */
const forGnu = models(utf8Path).map((model): Model => {
  const { mtime, nanoseconds } = model.options;
  return { ...model, options: { ...model.options, nanoseconds: mtime < 0 ? 0 : nanoseconds } };
});

describe("what is written", () => {
  it("is read as it was", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(models(anyPath), { maxLength: 6 }),
        fc.integer({ min: 1, max: 2000 }),
        async (list, chunk) => {
          const tar = await written(list.map(itemOf));
          assert.equal(tar.length % 512, 0);
          const found = (await entriesOf(tar, { chunk })).map(({ entry, content }): Model => ({
            type: entry.type,
            path: entry.path,
            linkname: entry.linkname || undefined,
            content,
            options: {
              ...entry.options as Model["options"],
              nanoseconds: entry.mtime.nanoseconds,
              pax: entry.options.pax ?? new Map(),
            },
          }));
          assert.deepEqual(
            found,
            list.map((model) => {
              const { devmajor: _major, devminor: _minor, ...options } = model.options;
              return { ...model, options: model.type.endsWith("device") ? model.options : options };
            }),
          );
          assert.deepEqual(await written(readTar(chunked(tar, chunk))), tar);
          // What an entry says of itself makes the same header again.
          const again = (async function* () {
            for await (const entry of readTar(chunked(tar))) yield entry.with({});
          })();
          assert.deepEqual(await written(again), tar);
        },
      ),
      { numRuns: 60, seed: 7 },
    );
  });

  it("is listed by GNU tar as it was", async () => {
    const directory = mkdtempSync(join(tmpdir(), "gantry-tar-"));
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(forGnu, { minLength: 1, maxLength: 12 }), async (list) => {
          const path = join(directory, "test.tar");
          writeFileSync(path, await written(list.map(itemOf)));
          assert.deepEqual(gnuList(path), list.map(gnuLine));
        }),
        { numRuns: 15, seed: 11 },
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("may have names that are not UTF-8 for GNU tar too", async () => {
    const directory = mkdtempSync(join(tmpdir(), "gantry-tar-"));
    try {
      const path = join(directory, "test.tar");
      const names = [[0xff, 0x61], [...utf8("d/".repeat(80)), 0xfe]].map((bytes) =>
        decodeName(new Uint8Array(bytes))
      );
      writeFileSync(path, await written(names.map((path): TarItem => ({ type: "file", path }))));
      const { stdout, status } = gnuTar(["-tf", path, "--quoting-style=literal"]);
      assert.equal(status, 0);
      assert.deepEqual(
        new Uint8Array(stdout),
        new Uint8Array(names.flatMap((name) => [...encodeName(name), 0x0a])),
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

function gnuTar(args: string[]): { stdout: Uint8Array; stderr: Uint8Array; status: number | null } {
  const { stdout, stderr, status, error } = spawnSync("tar", args, {
    env: { ...process.env, TZ: "UTC", LC_ALL: "C.UTF-8" },
  });
  if (error) throw error;
  return { stdout, stderr, status };
}

/** Type and mode, owner, size, time, name: what `tar --list --verbose` shows. */
function gnuList(path: string): string[] {
  const { stdout, stderr, status } = gnuTar([
    "-tvvf",
    path,
    "--numeric-owner",
    "--full-time",
    "--quoting-style=escape",
  ]);
  assert.equal(status, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trimEnd().split("\n").map((line) => line.replace(/ +/g, " "));
}

function gnuLine({ type, path, linkname, content, options }: Model): string {
  const letter = {
    file: "-",
    directory: "d",
    symlink: "l",
    hardlink: "h",
    fifo: "p",
    "character-device": "c",
    "block-device": "b",
  };
  const { uid, gid, mtime, nanoseconds = 0 } = options;
  const time = new Date(mtime * 1000).toISOString().slice(0, 19).replace("T", " ").replace(/^\+0*/, "");
  const fraction = nanoseconds === 0 ? "" : `.${String(nanoseconds).padStart(9, "0").replace(/0+$/, "")}`;
  const size = type.endsWith("device") ? `${options.devmajor},${options.devminor}` : content.length;
  const link = type === "symlink"
    ? ` -> ${escaped(linkname!)}`
    : type === "hardlink"
    ? ` link to ${escaped(linkname!)}`
    : "";
  return `${letter[type as keyof typeof letter]}${
    rwx(options.mode)
  } ${uid}/${gid} ${size} ${time}${fraction} ${escaped(path)}${link}`
    .replace(/ +/g, " ");
}

function escaped(name: string): string {
  return name.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function rwx(mode: number): string {
  const letters = "rwxrwxrwx".split("").map((letter, i) => mode & (0o400 >> i) ? letter : "-");
  for (const [i, bit, on] of [[2, 0o4000, "s"], [5, 0o2000, "s"], [8, 0o1000, "t"]] as const) {
    if (mode & bit) letters[i] = letters[i] === "x" ? on : on.toUpperCase();
  }
  return letters.join("");
}
