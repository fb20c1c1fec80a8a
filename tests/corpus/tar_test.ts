import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { concat } from "../../src/bytes.ts";
import { GantryError } from "../../src/errors.ts";
import type { TarEntry } from "../../src/tar/mod.ts";
import { readTar } from "../../src/tar/mod.ts";
import { fixture, needsFixtures, table } from "../support/fixtures.ts";
import { chunked, latin1, pathsOf, written } from "../tar/tools.ts";
import { answers, hash, type Listed, listed, sha256 } from "./listings.ts";

interface Expected {
  list?: Listed[];
  json_events?: number;
}

/** Files that must be refused: after how many entries, and why. */
const refused: Record<string, [after: number, reason: RegExp]> = {
  "commons-compress/COMPRESS-279-fail.tar": [4, /ends inside "RELEASE-NOTES.txt", 32 bytes early/],
  "commons-compress/COMPRESS-529-fail.tar": [0, /mtime is not a time/],
  "commons-compress/COMPRESS-544_truncated_in_content-fail.tar": [
    3,
    /ends inside "test\/bar", 11 bytes early/,
  ],
  "commons-compress/COMPRESS-569-fail.tar": [0, /checksum/],
  "commons-compress/long-name-gnu-fail.tar": [0, /more than 1048576 bytes of headers/],
  "commons-compress/long-name-pax-fail.tar": [0, /more than 1048576 bytes of headers/],
  "cpython/recursion.tar": [0, /ends inside a header/],
  "golang/issue10968.tar": [0, /size is not a number/],
  "golang/neg-size.tar": [0, /size is not a number/],
  "golang/pax-bad-hdr-file.tar": [0, /does not end in a newline/],
  "golang/pax-bad-hdr-large.tar.bz2": [0, /more than 1048576 bytes of headers/],
  "golang/pax-nul-path.tar": [0, /"path" holds a NUL/],
  "golang/writer-big-long.tar": [1, /17179869184 bytes early/],
  "libarchive/test_read_format_gtar_sparse_1_17_posix10_modified.tar": [0, /sparse map/],
  "libarchive/test_read_format_gtar_sparse_skip_entry.tar.Z": [0, /sparse map/],
  "libarchive/test_read_format_tar_acl_oob_read.tar": [1, /newline/],
  "libarchive/test_read_format_tar_invalid_pax_size.tar": [0, /PAX record/],
  "libarchive/test_read_format_tar_pax_g_large.tar": [0, /more than 1048576 bytes of headers/],
  "libarchive/test_read_format_tar_pax_timestamps.tar": [0, /mtime is not a time/],
  "libarchive/test_read_pax_empty_val_no_nl.tar": [0, /newline/],
  "tokio-tar/diff-014-unterminated-pax.tar": [0, /does not fit/],
};

const tcurdt = {
  type: "file",
  mode: "644",
  uid: 501,
  gid: 501,
  uname: "tcurdt",
  gname: "tcurdt",
  mtime: 0o10716545626,
};

/** Where another answer than Python's is right: docs/decisions-tar.md tells why. By entry; an extra one is added. */
const decided: Record<string, (Partial<Listed> | undefined)[]> = {
  "commons-compress/COMPRESS-417.tar": [
    {
      ...tcurdt,
      name: "test1.xml",
      size: 610,
      sha256: "506c377ae6116a19e020954828e03175d91a67c49e83e2fdd14b7ba65f64b19d",
    },
    {
      ...tcurdt,
      name: "test2.xml",
      size: 82,
      sha256: "6b335a8bb246771e6ad0e9eac1aea6e541eb74ac0ce8e465d9bad0425078756a",
    },
  ],
  "commons-compress/simple-aix-native-tar.tar": [undefined, { mtime: 0o1722000726 }],
  "golang/gnu-incremental.tar": [{ name: "test2" }, { name: "test2/foo" }],
  "golang/pax-nil-sparse-data.tar": [{ size: 1000, sha256: sha256(latin1("0123456789".repeat(100))) }],
  "golang/pax-nil-sparse-hole.tar": [{ size: 1000, sha256: sha256(new Uint8Array(1000)) }],
  "golang/pax-sparse-big.tar": [{ size: 60_000_000_000 }],
  "libarchive/test_compat_tar_directory_1.tar": [{ size: 0 }],
  "libarchive/test_read_format_gtar_redundant_L.tar.Z": [
    { name: `storage/emulated/0/Android/data/${"x".repeat(88)}` },
  ],
  "node-tar/global-header.tar": [{ name: "one-byte.txt" }],
  "tar-stream/gnu-incremental.tar": [{ name: "test.txt" }],
  "tar-stream/unknown-format.tar": [{ uname: "", gname: "" }, { uname: "", gname: "" }],
};

const expected: Record<string, Expected> = needsFixtures.skip
  ? {}
  : JSON.parse(readFileSync(fixture("expected/tar.json"), "utf8"));
const files = Object.keys(expected).filter((path) => expected[path]!.json_events === undefined);

describe("every tar in the fixtures", needsFixtures, () => {
  for (const path of files) {
    const file = path.slice("tar/".length);
    const wrong = refused[file];
    it(`${wrong ? "refuses" : "lists"} ${file}`, async () => {
      const tar = load(path);
      let seen = 0;
      const found: Listed[] = [];
      const reading = (async () => {
        for await (const entry of readTar(chunked(tar))) {
          seen++;
          found.push(await listed(entry));
        }
      })();
      if (wrong) {
        await assert.rejects(
          reading,
          (error) => GantryError.is(error, "invalid-archive", "too-large") && wrong[1].test(error.message),
        );
        assert.equal(seen, wrong[0]);
      } else {
        await reading;
        assert.deepEqual(found, answers(expected[path]!.list!, decided[file]));
      }
    });
  }

  it("reads the same whatever the chunks", async () => {
    for (const path of files) {
      const tar = load(path);
      if (refused[path.slice("tar/".length)] || tar.length > 20_000) continue;
      const whole = await pathsOf(tar, { chunk: 1 << 20 });
      assert.deepEqual(await pathsOf(tar, { chunk: 97 }), whole, path);
      assert.deepEqual(await pathsOf(tar, { chunk: 513 }), whole, path);
    }
  });

  it("writes back byte for byte what is not changed", async () => {
    for (const path of files) {
      if (refused[path.slice("tar/".length)]) continue;
      const tar = load(path);
      const copy = await written(readTar(chunked(tar)));
      const content = copy.subarray(0, copy.length - 1024);
      assert.equal(
        sha256(content),
        sha256(
          concat([tar.subarray(0, content.length), new Uint8Array(Math.max(0, content.length - tar.length))]),
        ),
        path,
      );
    }
  });
});

interface GoHeader {
  Name?: string;
  Mode?: number;
  Uid?: number;
  Gid?: number;
  Size?: number;
  ModTime?: GoTime;
  AccessTime?: GoTime;
  ChangeTime?: GoTime;
  Typeflag: string;
  Linkname?: string;
  Uname?: string;
  Gname?: string;
  Devmajor?: number;
  Devminor?: number;
  PAXRecords?: Record<string, string>;
}

interface GoTime {
  sec: number;
  nsec: number;
}

describe("what Go's archive/tar reads", needsFixtures, () => {
  for (
    const { file, headers, error, checksums } of needsFixtures.skip
      ? []
      : table<{ file: string; headers: GoHeader[]; error?: string; checksums?: string[] }>("go-tar-reader")
  ) {
    it(file, async () => {
      const found: GoHeader[] = [];
      const sums: string[] = [];
      const reading = (async () => {
        for await (const entry of readTar(chunked(load(file)))) {
          found.push(goHeader(entry, headers[found.length]!));
          if (checksums) sums.push(await hash("md5", entry));
        }
      })();
      if (error) await assert.rejects(reading, (caught) => GantryError.is(caught, "invalid-archive"));
      else await reading;
      assert.deepEqual(
        found,
        headers.map(({ Format: _, ...header }: GoHeader & { Format?: string }) => header),
      );
      if (checksums) assert.deepEqual(sums, checksums);
    });
  }
});

/** The fields that the expectation has, as Go names them. */
function goHeader(entry: TarEntry, expectation: GoHeader): GoHeader {
  const time = (value: TarEntry["atime"]): GoTime | undefined =>
    value && { sec: value.seconds, nsec: value.nanoseconds };
  const all: Required<GoHeader> = {
    Name: entry.path,
    Mode: entry.mode,
    Uid: entry.uid,
    Gid: entry.gid,
    Size: entry.size,
    ModTime: time(entry.mtime)!,
    AccessTime: time(entry.atime)!,
    ChangeTime: time(entry.ctime)!,
    Typeflag: entry.typeflag === "\0" ? "0" : entry.typeflag,
    Linkname: entry.linkname,
    Uname: entry.uname,
    Gname: entry.gname,
    Devmajor: entry.devmajor,
    Devminor: entry.devminor,
    PAXRecords: Object.fromEntries(
      [...entry.pax].map(([key, value]) => [key, new TextDecoder().decode(value)]),
    ),
  };
  return Object.fromEntries(
    Object.keys(expectation).filter((key) => key in all).map((key) => [key, all[key as keyof GoHeader]]),
  ) as unknown as GoHeader;
}

/** A fixture, decompressed. Not by our own codecs: this is about tar. */
function load(path: string): Uint8Array {
  const bytes = readFileSync(fixture(path));
  if (/gz$/.test(path)) {
    return gunzipSync(bytes.subarray(0, path.endsWith("test_compat_gzip_2.tgz") ? -51 : undefined));
  }
  const tool = { bz2: "bzip2", xz: "xz", Z: "gzip", zst: "zstd" }[path.split(".").at(-1)!];
  if (!tool) return bytes;
  const { stdout, error } = spawnSync(tool, ["-dcq", fixture(path)], { maxBuffer: 1 << 26 });
  if (error) throw error;
  return stdout;
}
