import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { type Bytes, readAll, sameBytes, streamOf } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { layer } from "../../src/image/mod.ts";
import { mediaTypes } from "../../src/spec/mod.ts";
import { pieces, randomBytes } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";

const tar = randomBytes(20_000);
const plain = { compression: "none" } as const;
const read = async (stream: Promise<ReadableStream<Bytes>>) =>
  await readAll(await stream, { limit: 1e6, what: "test" });

describe("a layer made from a tar", () => {
  it("may come as bytes, a blob or a function, and is read as often as needed", async () => {
    for (const given of [tar, new Blob([tar]), () => streamOf(tar), () => Promise.resolve(streamOf(tar))]) {
      const made = layer(given, plain);
      assert.equal(made.known, undefined);
      assert.deepEqual(await made.descriptor(), {
        mediaType: mediaTypes.ociLayer,
        digest: await digestBytes(tar),
        size: tar.byteLength,
      });
      assert.equal(await made.diffID(), await made.digest());
      assert.ok(sameBytes(await read(made.compressed()), tar));
      assert.deepEqual((await made.content()).digest, await made.digest());
    }
  });

  it("is compressed in the one pass that tells its digests", async () => {
    let opened = 0;
    const made = layer(() => (opened++, streamOf(tar)), { engine: "node:zlib" });
    const packed = await read(made.compressed());
    assert.ok(sameBytes(new Uint8Array(gunzipSync(packed)), tar));
    assert.deepEqual(await made.descriptor(), {
      mediaType: mediaTypes.ociLayerGzip,
      digest: await digestBytes(packed),
      size: packed.byteLength,
    });
    assert.equal(await made.diffID(), await digestBytes(tar));
    assert.equal(opened, 1);
  });

  it("from a one-shot stream knows what it is once it was read, and is read once", async () => {
    const once = layer(pieces(tar, 1000), plain);
    await rejects(once.digest(), "not-computed");
    assert.equal((await once.content()).replayable, false);
    await read(once.compressed());
    assert.equal(await once.digest(), await digestBytes(tar));
    await rejects(once.compressed(), "consumed");
  });

  it("goes on in the middle as content", async () => {
    const content = await layer(tar, plain).content();
    assert.ok(sameBytes(await read(content.open({ start: 15_000 })), tar.slice(15_000)));
  });
});
