import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type Bytes, chunksOf, concat, sameBytes, streamOf } from "../../src/bytes.ts";
import "../../src/codec/mod.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { hashedTar } from "../../src/image/hashed_tar.ts";
import { giveBack } from "../../src/lent.ts";
import type { Algorithm, Digest } from "../../src/spec/digest.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { fails } from "../../src/testing/errors.ts";

const large = randomBytes(900_000, 3), small = randomBytes(100, 4);

describe("hashedTar", () => {
  const forms: Record<string, (tar: Bytes) => Uint8Array> = {
    gzip: gzipSync,
    ...(zstdCompressSync && { zstd: zstdCompressSync }),
    plain: (tar) => tar,
  };
  for (const [name, pack] of Object.entries(forms)) {
    it(`tells the digest of what was in ${name}, at its end`, async () => {
      for (const tar of [large, small, new Uint8Array(0)]) {
        for (const algorithm of ["sha256", "sha512"] as Algorithm[]) {
          let told: Digest | undefined;
          const stream = hashedTar(streamOf(new Uint8Array(pack(tar))), {
            what: "a layer",
            algorithm,
            done: (digest) => told = digest,
          });
          assert.deepEqual(await new Response(stream).bytes(), tar);
          assert.equal(told, await digestBytes(tar, algorithm));
        }
      }
    });
  }

  it("gives the right bytes to who gives their memory back", async () => {
    const tar = randomBytes(6_000_000, 5);
    const read: Bytes[] = [];
    const stream = hashedTar(streamOf(new Uint8Array(gzipSync(tar))), { what: "a layer", done() {} });
    for await (const piece of chunksOf(stream)) {
      read.push(piece.slice());
      giveBack(piece);
      assert.equal(giveBack(piece), false);
    }
    assert.ok(sameBytes(concat(read), tar));
  });

  it("fails with what `done` throws, and tells nothing of what is broken", async () => {
    const packed = new Uint8Array(gzipSync(large));
    const error = new Error("not this one");
    const refused = hashedTar(streamOf(packed), {
      what: "a layer",
      done() {
        throw error;
      },
    });
    await assert.rejects(new Response(refused).bytes(), error);
    let told = false;
    const broken = hashedTar(streamOf(packed.slice(0, -5)), { what: "a layer", done: () => told = true });
    await assert.rejects(new Response(broken).bytes(), fails("invalid-archive", /^gunzip a layer: /));
    assert.equal(told, false);
  });
});
