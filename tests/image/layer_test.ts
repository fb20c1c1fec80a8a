import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, readAll, sameBytes } from "../../src/bytes.ts";
import type { OpenOptions, Source } from "../../src/content/contracts.ts";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { emptyImage, type Layer, layer, openImage } from "../../src/image/mod.ts";
import { pieces, randomBytes } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";

const plain = { compression: "none" } as const;
const tar = randomBytes(100_000);

async function read(stream: Promise<ReadableStream<Bytes>>): Promise<Bytes> {
  return await readAll(await stream, { limit: 1e6, what: "test" });
}

/** A layer in a source, and how it was opened. */
async function stored(): Promise<{ layer: Layer; opened: (OpenOptions | undefined)[] }> {
  const store = memory();
  await copy(emptyImage().append(layer(tar, plain)), store, { name: "v1" });
  const opened: (OpenOptions | undefined)[] = [];
  const source: Source = {
    resolve: (name, options) => store.resolve(name, options),
    open: (what, options) => {
      opened.push(options);
      return store.open(what, options);
    },
  };
  return { layer: (await (await openImage(source, "v1")).layers())[0]!, opened };
}

describe("part of a layer", () => {
  it("is all that is fetched of a stored layer", async () => {
    const { layer, opened } = await stored();
    const part = tar.slice(1000, 3000);
    assert.ok(sameBytes(await read(layer.range(1000, 3000, { unverified: true })), part));
    assert.ok(sameBytes(await read(layer.range(1000, 3000, { digest: await digestBytes(part) })), part));
    assert.deepEqual(opened.map((options) => [options?.role, options?.start, options?.end]), [
      ["blob", 1000, 3000],
      ["blob", 1000, 3000],
    ]);
  });

  it("that is not what its digest says is refused", async () => {
    const { layer } = await stored();
    const digest = await digestBytes(tar.slice(0, 512));
    await rejects(read(layer.range(1, 513, { digest })), "digest-mismatch");
    await rejects(read(layer.range(99_000, 100_001, { unverified: true })), "size-mismatch");
  });

  it("can be read of a layer that is made, without knowing its size", async () => {
    const made = layer(tar, plain);
    assert.ok(sameBytes(await read(made.range(1000, 3000, { unverified: true })), tar.slice(1000, 3000)));
    await rejects(read(made.range(99_000, 100_001, { unverified: true })), "size-mismatch");
    const packed = layer(tar, { engine: "node:zlib" });
    const whole = await read(packed.compressed());
    const end = await read(
      packed.range(5000, whole.byteLength, { digest: await digestBytes(whole.slice(5000)) }),
    );
    assert.ok(sameBytes(end, whole.slice(5000)));
  });

  it("does not use up a one-shot stream", async () => {
    const once = layer(pieces(tar, 1000), plain);
    await rejects(once.range(0, 10, { unverified: true }), "unsupported");
    assert.ok(sameBytes(await read(once.compressed()), tar));
  });
});
