import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { concat, utf8 } from "../../src/bytes.ts";
import { decompress, sniff, sniffLength } from "../../src/codec/mod.ts";
import { sample, source, through } from "../support/streams.ts";

describe("sniff", () => {
  it("knows the magic numbers", () => {
    const cases: [string, number[]][] = [
      ["gzip", [0x1f, 0x8b, 8]],
      ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
      ["zstd", [0x50, 0x2a, 0x4d, 0x18]],
      ["zstd", [0x5f, 0x2a, 0x4d, 0x18]],
      ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]],
      ["bzip2", [...utf8("BZh91AY&SY")]],
      ["bzip2", [...utf8("BZh1"), 0x17, 0x72, 0x45, 0x38, 0x50, 0x90]],
      ["plain", [...utf8("BZh9 is a file")]],
      ["plain", [...utf8("BZh01AY&SY")]],
      ["plain", [0x4f, 0x2a, 0x4d, 0x18]],
      ["plain", [0x60, 0x2a, 0x4d, 0x18]],
      ["plain", [...utf8("PK\x03\x04")]],
      ["plain", [0x1f]],
      ["plain", []],
    ];
    for (const [compression, head] of cases) {
      assert.equal(sniff(Uint8Array.from(head)), compression, `${head}`);
    }
    assert.ok(
      cases.every(([, head]) =>
        sniff(Uint8Array.from(head)) === sniff(Uint8Array.from(head.slice(0, sniffLength)))
      ),
    );
  });
});

describe("decompress", () => {
  const content = sample(100_000);

  it("takes gzip, zstd and plain bytes, however they are cut", async () => {
    const skippable = Uint8Array.of(0x53, 0x2a, 0x4d, 0x18, 0, 0, 0, 0);
    const zst = zstdCompressSync(content);
    for (const input of [gzipSync(content), zst, concat([skippable, zst]), content]) {
      for (const piece of [9, 10, 1000, 1 << 20]) {
        assert.deepEqual(await through(input, decompress(), piece), content);
      }
    }
  });

  it("takes plain bytes as they are", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 30 }),
        fc.integer({ min: 1, max: 12 }),
        async (bytes, piece) => {
          fc.pre(sniff(bytes) === "plain");
          assert.deepEqual(await through(bytes, decompress(), piece), new Uint8Array(bytes));
        },
      ),
    );
  });

  it("takes fewer bytes than it looks at", async () => {
    const reader = source(utf8("ab"), 1).stream.pipeThrough(decompress()).getReader();
    assert.deepEqual((await reader.read()).value, utf8("ab"));
    assert.equal((await reader.read()).done, true);
  });

  it("refuses xz and bzip2 by name", async () => {
    const xz = Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0);
    const message = "decompress layer 3: xz is not supported";
    await assert.rejects(through(xz, decompress({ what: "layer 3" })), { code: "unsupported", message });
    const bzip2 = utf8("BZh91AY&SY…");
    await assert.rejects(through(bzip2, decompress()), {
      code: "unsupported",
      message: "decompress: bzip2 is not supported",
    });
  });

  it("does not take what only begins like gzip for plain bytes", async () => {
    for (const input of [[0x1f, 0x8b], [0x1f, 0x8b, 0x20, 0x20], [...gzipSync(content).subarray(0, 500)]]) {
      const work = through(Uint8Array.from(input), decompress());
      await assert.rejects(work, { code: "invalid-archive" });
    }
  });
});
