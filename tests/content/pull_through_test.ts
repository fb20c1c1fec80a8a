import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, readAll, streamOf } from "../../src/bytes.ts";
import { memory, pullThrough, type Source } from "../../src/content/mod.ts";
import { bindSource } from "../../src/content/bind_source.ts";
import { copy } from "../../src/copy/mod.ts";
import { GantryError } from "../../src/errors.ts";
import { emptyImage, layer, openImage } from "../../src/image/mod.ts";
import { collect } from "../../src/testing/collect.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";

const bytes = randomBytes(300_000);
const app = emptyImage().append(layer(bytes, { compression: "none" }));

/** A mirror, what it asked its source, and a clock. */
async function mirrored({ open }: { open?: (from: ReadableStream<Bytes>) => ReadableStream<Bytes> } = {}) {
  const origin = memory();
  await copy(app, origin, { name: "v1" });
  const asked: string[] = [];
  const state = { down: false as false | GantryError, now: 0 };
  const source: Source = {
    ...bindSource(origin),
    resolve(name, options) {
      asked.push(`resolve ${name.slice(0, 10)}${options?.document ? " with its bytes" : ""}`);
      return state.down ? Promise.reject(state.down) : origin.resolve(name, options);
    },
    async open(what, options) {
      asked.push(`open ${what.digest.slice(0, 10)}`);
      if (state.down) throw state.down;
      const stream = await origin.open(what, options);
      return open ? open(stream) : stream;
    },
  };
  const cache = memory();
  return {
    origin,
    asked,
    state,
    cache,
    mirror: pullThrough(source, cache, { fresh: 60, now: () => state.now }),
  };
}

async function layerDigest() {
  return (await app.manifest()).layers[0]!;
}

describe("pulling through a cache", () => {
  it("asks once, and for a name again after a while", async () => {
    const { asked, mirror, state, origin } = await mirrored();
    const pull = async () => {
      const image = await openImage(mirror, "v1");
      const [one] = await image.layers();
      assert.deepEqual(await readAll(await one!.compressed(), { limit: 1e6, what: "layer" }), bytes);
      return await image.digest();
    };
    assert.equal(await pull(), await app.digest());
    assert.equal(asked.filter((line) => line.startsWith("open")).length, 1);
    asked.length = 0;
    await pull();
    assert.deepEqual(asked, []);
    state.now = 61_000;
    await pull();
    assert.deepEqual(asked, ["resolve v1"]);
    const other = emptyImage({ os: "linux", architecture: "arm64" });
    await copy(other, origin, { name: "v1" });
    assert.equal(await (await openImage(mirror, "v1")).digest(), await app.digest());
    state.now = 130_000;
    assert.equal(await (await openImage(mirror, "v1")).digest(), await other.digest());
    assert.deepEqual(await collect(mirror.names!()), ["v1"]);
  });

  it("asks once for all who want a name at the same moment", async () => {
    const { asked, mirror } = await mirrored();
    await Promise.all([1, 2, 3].map(() => mirror.resolve("v1")));
    assert.deepEqual(asked.filter((line) => line === "resolve v1"), ["resolve v1"]);
  });

  it("answers as it last did where the source cannot be reached", async () => {
    const { mirror, state } = await mirrored();
    const { descriptor } = await mirror.resolve("v1");
    state.now = 1e9;
    for (const code of ["unavailable", "rate-limited"] as const) {
      state.down = new GantryError(code, "down");
      assert.equal((await mirror.resolve("v1")).descriptor.digest, descriptor.digest);
      await rejects(mirror.resolve("v2"), code);
    }
    state.down = new GantryError("not-found", "gone");
    await rejects(mirror.resolve("v1"), "not-found");
    state.down = new GantryError("unauthorized", "who are you");
    await rejects(mirror.resolve("v1"), "denied");
    await rejects(mirror.open(await layerDigest()), "denied");
  });

  it("reads a blob once for several readers, and keeps it when the first one leaves", async () => {
    const { asked, mirror, cache } = await mirrored();
    const what = await layerDigest();
    const first = (await mirror.open(what)).getReader();
    await first.read();
    const second = mirror.open(what);
    await first.cancel();
    assert.deepEqual(await readAll(await second, { limit: 1e6, what: "layer" }), bytes);
    assert.equal(asked.length, 1);
    await cache.resolve(what.digest, { role: "blob" });
    const part = await mirror.open(what, { start: 10, end: 20 });
    assert.deepEqual(await readAll(part, { limit: 10, what: "part" }), bytes.slice(10, 20));
    assert.equal(asked.length, 1);
  });

  it("keeps nothing that is cut or changed", async () => {
    for (const end of [299_999, 300_000]) {
      const wrong = bytes.slice(0, end);
      wrong[7]! ^= 1;
      const { mirror, cache } = await mirrored({ open: () => streamOf(wrong) });
      const what = await layerDigest();
      const stream = await mirror.open(what);
      await rejects(readAll(stream, { limit: 1e6, what: "layer" }), ["digest-mismatch", "size-mismatch"]);
      await rejects(cache.resolve(what.digest, { role: "blob" }), "not-found");
    }
  });

  it("passes parts of what it does not have", async () => {
    const { mirror, cache } = await mirrored();
    const what = await layerDigest();
    const part = await mirror.open(what, { start: 10, end: 20 });
    assert.deepEqual(await readAll(part, { limit: 10, what: "part" }), bytes.slice(10, 20));
    await rejects(cache.resolve(what.digest, { role: "blob" }), "not-found");
  });

  it("takes nothing", async () => {
    const { mirror } = await mirrored();
    await rejects(copy(app, mirror, { name: "v2" }), "unsupported", /read only/);
  });
});
