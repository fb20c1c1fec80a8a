import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { loadCore } from "../../wasm/core.ts";
import { CHUNK_SIZE, DICTIONARY_SIZE } from "../../wasm/deflater.ts";
import { Thread, workerCountOf } from "../../wasm/threads.ts";
import { fails } from "../../src/testing/errors.ts";
import { cores } from "./cores.ts";

describe("workerCountOf", () => {
  it("is 1 by default, at most 8 for auto, and what is asked for", () => {
    assert.equal(workerCountOf("gzip"), 1);
    assert.equal(workerCountOf("gzip", 64), 64);
    const auto = workerCountOf("gzip", "auto");
    assert.ok(auto >= 1 && auto <= 8);
  });

  it("refuses numbers that cannot be had", () => {
    for (const workers of [0, 65, 1.5, NaN, -1]) {
      assert.throws(
        () => workerCountOf("gzip", workers),
        fails("unsupported", /^gzip: .* workers, from 1 to 64 can be had$/),
      );
    }
  });
});

describe("Thread", () => {
  const bytes = new Uint8Array(DICTIONARY_SIZE + CHUNK_SIZE);

  it("answers in order, says why it could not, and goes on", async () => {
    const thread = new Thread(await loadCore());
    assert.equal(await thread.ready, true);
    const broken = thread.call({ work: "hash", blocks: [{ bytes: new Uint8Array(64), length: 64 }] }, []);
    const chunk = { bytes: bytes.slice(), before: 0, length: 1000, level: 1, final: true };
    const deflated = thread.call({ work: "deflate", ...chunk }, [chunk.bytes.buffer]);
    assert.equal(thread.calls, 2);
    await assert.rejects(broken, /TypeError/);
    const { bytes: piece, spent, crc32 } = await deflated;
    assert.equal(spent![0]!.byteLength, bytes.byteLength);
    const trailer = new Uint8Array(Uint32Array.of(crc32!, 1000).buffer);
    const gzip = [Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255), piece!, trailer];
    assert.deepEqual(new Uint8Array(gunzipSync(Buffer.concat(gzip))), new Uint8Array(1000));
    thread.end();
  });

  it("is used again once it has been given up, by those with the same core", async () => {
    const [[, simd], [, plain]] = cores as [typeof cores[0], typeof cores[0]];
    const first = new Thread(simd);
    await first.ready;
    first.end();
    const other = new Thread(plain);
    assert.equal(other.calls, 1, "it has to start");
    const next = new Thread(simd);
    assert.equal(next.calls, 0, "it runs already");
    await assert.rejects(first.call({ work: "begin", hash: "lanes" }, []), /given up/);
    await other.ready;
    other.end();
    next.end();
  });

  it("is stopped when it is given up with calls that it has not answered", async () => {
    const thread = new Thread(await loadCore());
    const call = thread.call({ work: "begin", hash: "lanes" }, []);
    thread.end();
    await assert.rejects(call, /given up/);
    await assert.rejects(thread.call({ work: "begin", hash: "lanes" }, []), /given up/);
  });
});
