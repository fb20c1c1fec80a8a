import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Bytes } from "../../src/bytes.ts";
import type { Part, Source, Target, WriteOptions } from "../../src/content/contracts.ts";
import { memory, overlay } from "../../src/content/mod.ts";
import { copy, type CopyEvent } from "../../src/copy/mod.ts";
import { GantryError } from "../../src/errors.ts";
import { emptyImage, type Image, layer, openImage, openRoot } from "../../src/image/mod.ts";
import { mediaTypes, parsePlatform } from "../../src/spec/mod.ts";
import { pieces, randomBytes } from "../../src/testing/content.ts";

/** A target that writes down what it is asked to write. */
function recording(target: Target, during?: () => Promise<void>) {
  const writes: (WriteOptions & { mediaType: string; digest?: string | undefined })[] = [];
  const recorded: Target = {
    ...overlay(target),
    async write(content, options) {
      writes.push({ ...options, mediaType: content.mediaType, digest: content.digest });
      await during?.();
      return await target.write(content, options);
    },
  };
  return { target: recorded, writes };
}

function image(count = 3, size = 1000): Image {
  let made = emptyImage();
  for (let n = 0; n < count; n++) made = made.append(layer(randomBytes(size), { compression: "none" }));
  return made;
}

describe("copy", () => {
  it("writes children before what names them", async () => {
    const { target, writes } = recording(memory());
    await copy(image(), target, { name: "v1" });
    const types = writes.map(({ mediaType }) => mediaType);
    assert.deepEqual(types, [
      ...Array(3).fill(mediaTypes.ociLayer),
      mediaTypes.ociConfig,
      mediaTypes.ociManifest,
    ]);
    assert.deepEqual(writes.map(({ name }) => name), [...Array(4).fill(undefined), "v1"]);
  });

  it("writes each digest once however often it stands in the graph", async () => {
    const twin = layer(randomBytes(500), { compression: "none" });
    const from = memory();
    await copy(
      emptyImage().append(twin).append(twin).append(layer(randomBytes(500), { compression: "none" })),
      from,
      { name: "v1" },
    );
    const { target, writes } = recording(memory());
    await copy(await openRoot(from, "v1"), target, { name: "v1" });
    assert.equal(writes.filter(({ mediaType }) => mediaType === mediaTypes.ociLayer).length, 2);
  });

  it("has so many on their way at once and no more", async () => {
    let now = 0, most = 0;
    const { target } = recording(memory(), async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 3));
      now--;
    });
    await copy(image(12), target, { concurrency: 3 });
    assert.equal(most, 3);
  });

  it("takes one platform of an index, or all of it", async () => {
    const from = memory();
    const manifests = [];
    for (const name of ["linux/amd64", "linux/arm64"]) {
      const platform = parsePlatform(name);
      const made = emptyImage(platform).append(layer(randomBytes(300), { compression: "none" }));
      manifests.push({ ...(await copy(made, from)).descriptor, platform });
    }
    const index = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, manifests }));
    const open = () => Promise.resolve(pieces(index, 100));
    await from.write({ mediaType: mediaTypes.ociIndex, replayable: true, open }, {
      role: "manifest",
      name: "v1",
    });
    const [all, one] = [memory(), memory()];
    await copy(await openRoot(from, "v1"), all, { name: "v1" });
    await copy(await openRoot(from, "v1"), one, { name: "v1", platform: parsePlatform("linux/arm64") });
    assert.equal((await all.resolve("v1")).descriptor.mediaType, mediaTypes.ociIndex);
    assert.equal((await openImage(all, "v1")).known?.digest, manifests[0]!.digest);
    assert.equal((await one.resolve("v1")).descriptor.digest, manifests[1]!.digest);
  });

  it("passes on where bytes may be mounted from", async () => {
    const from = memory();
    await copy(image(1), from, { name: "v1" });
    const origins = async function* () {
      yield { registry: "registry.example", repository: "base" };
    };
    const source: Source = { ...overlay(from), origins };
    const { target, writes } = recording(memory());
    await copy(await openRoot(source, "v1"), target, { name: "v1" });
    for (const { origins } of writes) {
      const found = [];
      for await (const origin of origins ?? []) found.push(origin);
      assert.deepEqual(found, [{ registry: "registry.example", repository: "base" }]);
    }
    const edited = (await openImage(source, "v1")).append(layer(randomBytes(10), { compression: "none" }));
    const second = recording(memory());
    await copy(edited, second.target);
    const layers = second.writes.filter(({ mediaType }) => mediaType === mediaTypes.ociLayer);
    const counts = await Promise.all(layers.map(async ({ origins }) => {
      let count = 0;
      for await (const _ of origins ?? []) count++;
      return count;
    }));
    assert.deepEqual(counts.sort(), [0, 1]);
  });

  it("gives blobs a session of their own where they can be read again", async () => {
    const from = memory();
    await copy(image(2), from, { name: "v1" });
    const { target, writes } = recording(memory());
    await copy(await openRoot(from, "v1"), target, { name: "v1", session: "mine" });
    const sessions = writes.map(({ session }) => session);
    assert.equal(new Set(sessions).size, 4);
    for (const session of sessions.slice(0, 3)) assert.match(session!, /^mine-[0-9a-f]{64}$/);
    assert.equal(sessions[3], undefined);
    await assert.rejects(copy(image(), memory(), { session: "../x" }), { code: "invalid-name" });
  });

  it("tells how it goes on", async () => {
    const from = memory();
    await copy(image(1, 100_000), from, { name: "v1" });
    const events: CopyEvent[] = [];
    const target = memory();
    await copy(await openRoot(from, "v1"), target, { name: "v1", progress: (event) => events.push(event) });
    const start = events.find((event) => event.type === "start" && event.size === 100_000)!;
    const bytes = events.map((event) => event.type === "progress" && event.id === start.id ? event.bytes : 0);
    assert.equal(Math.max(...bytes), 100_000);
    const done = events.filter((event) => event.type === "done").map((event) => event.how);
    assert.deepEqual(done, ["written", "written", "written"]);
    events.length = 0;
    await copy(await openRoot(from, "v1"), target, { name: "v1", progress: (event) => events.push(event) });
    assert.ok(events.every((event) => event.type !== "done" || event.how === "present"));
    assert.ok(events.every((event) => event.type !== "progress"));
  });

  it("leaves layers out that are not to be distributed, unless told", async () => {
    const from = memory();
    const stored = layer(randomBytes(600), { compression: "none" });
    await copy(emptyImage().append(stored), from);
    const foreign = { ...await stored.descriptor(), mediaType: mediaTypes.ociForeignLayer };
    const config = (await emptyImage().manifest()).config;
    await copy(emptyImage(), from);
    const manifest = new TextEncoder().encode(
      JSON.stringify({ schemaVersion: 2, config, layers: [foreign] }),
    );
    const open = () => Promise.resolve(pieces(manifest, 100));
    await from.write({ mediaType: mediaTypes.ociManifest, replayable: true, open }, {
      role: "manifest",
      name: "v1",
    });
    for (const kept of [false, true]) {
      const to = memory();
      const events: CopyEvent[] = [];
      const progress = (event: CopyEvent) => events.push(event);
      await copy(await openRoot(from, "v1"), to, { name: "v1", foreign: kept, progress });
      const found = await to.open(foreign).then(() => true, () => false);
      assert.equal(found, kept);
      assert.equal(events.some(({ type }) => type === "skipped"), !kept);
    }
  });

  it("skips what a complete target has", async () => {
    const from = memory();
    await copy(image(2), from, { name: "v1" });
    const store = memory();
    await copy(await openRoot(from, "v1"), store, { name: "v1" });
    const { target, writes } = recording(store);
    const { how } = await copy(await openRoot(from, "v1"), { ...target, complete: true }, { name: "v1" });
    assert.equal(how, "present");
    assert.equal(writes.length, 0);
  });

  it("names what a complete target has without the name, or writes all if that is not so", async () => {
    const from = memory();
    await copy(image(2), from, { name: "v1" });
    const store = memory();
    await copy(await openRoot(from, "v1"), store);
    const { target, writes } = recording(store);
    const events: CopyEvent[] = [];
    const progress = (event: CopyEvent) => void events.push(event);
    await copy(await openRoot(from, "v1"), { ...target, complete: true }, { name: "v2", progress });
    assert.deepEqual(writes.map(({ mediaType, name }) => [mediaType, name]), [[
      mediaTypes.ociManifest,
      "v2",
    ]]);
    assert.equal(events.filter(({ type }) => type === "done").length, 1);
    assert.ok(await store.resolve("v2"));
    // It has the manifest, and has lost what that names.
    let lost = true;
    const forgetful: Target = {
      ...target,
      complete: true,
      write(content, options) {
        if (!lost || options?.role === "blob") {
          lost = false;
          return target.write(content, options);
        }
        return Promise.reject(new GantryError("not-found", "a blob is missing"));
      },
    };
    writes.length = 0;
    await copy(await openRoot(from, "v1"), forgetful, { name: "v3" });
    assert.equal(writes.length, 4);
  });

  it("ends everything at the first failure, with its reason", async () => {
    const aborted: unknown[] = [];
    let writes = 0;
    const target: Target = {
      ...overlay(memory()),
      write: (_content, options) =>
        ++writes === 1
          ? new Promise((_, reject) => setTimeout(() => reject(new Error("disk on fire")), 5))
          : new Promise((_, reject) => {
            const { signal } = options!;
            const leave = () => {
              aborted.push(signal!.reason);
              reject(signal!.reason);
            };
            signal!.addEventListener("abort", leave, { once: true });
          }),
    };
    await assert.rejects(copy(image(8), target, { concurrency: 4 }), /disk on fire/);
    assert.equal(writes, 4);
    assert.deepEqual(aborted.map(String), Array(3).fill("Error: disk on fire"));
  });

  it("ends with the signal's reason", async () => {
    const abort = new AbortController();
    const endless: Part = {
      role: "blob",
      children: () => Promise.resolve([]),
      content: () => {
        const open = () => Promise.resolve(new ReadableStream<Bytes>({ pull: () => new Promise(() => {}) }));
        return Promise.resolve({ mediaType: "x/y", replayable: true, open });
      },
    };
    const copying = copy(endless, memory(), { signal: abort.signal });
    const reason = new Error("stop");
    setTimeout(() => abort.abort(reason), 5);
    await assert.rejects(copying, reason);
  });

  it("holds a lease while it runs, and lets go of it when it fails too", async () => {
    const log: string[] = [];
    const target: Target = {
      ...overlay(memory()),
      lease: () => {
        log.push("taken");
        return Promise.resolve({
          id: "one",
          [Symbol.asyncDispose]: () => {
            log.push("let go");
            return Promise.resolve();
          },
        });
      },
    };
    await copy(image(1), target);
    await assert.rejects(copy(image(1), { ...target, write: () => Promise.reject(new Error("no")) }), /no/);
    assert.deepEqual(log, ["taken", "let go", "taken", "let go"]);
  });
});
