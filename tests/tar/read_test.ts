import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Bytes } from "../../src/bytes.ts";
import { chunksOf, concat, streamOf } from "../../src/bytes.ts";
import { GantryError } from "../../src/errors.ts";
import type { TarEntry } from "../../src/tar/mod.ts";
import { readTar } from "../../src/tar/mod.ts";
import { all, chunked, end, latin1, pathsOf, pax, raw } from "./tools.ts";

const three = concat([
  raw({ name: "a" }, "A".repeat(2000)),
  raw({ name: "b" }, "BB"),
  raw({ name: "c" }),
  end,
]);

describe("readTar", () => {
  it("skips what is not read", async () => assert.deepEqual(await pathsOf(three), ["a", "b", "c"]));

  it("skips the rest of what is read in part", async () => {
    const paths: string[] = [];
    for await (const entry of readTar(chunked(three, 300))) {
      paths.push(entry.path);
      for await (const chunk of chunksOf(entry.readable)) {
        assert.ok(chunk.length > 0);
        break;
      }
    }
    assert.deepEqual(paths, ["a", "b", "c"]);
  });

  it("gives content without copying it", async () => {
    const buffers = new Set<ArrayBuffer>();
    const stream = chunked(three, 700).pipeThrough(
      new TransformStream<Bytes, Bytes>({
        transform(chunk, controller) {
          buffers.add(chunk.buffer);
          controller.enqueue(chunk);
        },
      }),
    );
    for await (const entry of readTar(stream)) {
      for await (const chunk of chunksOf(entry.readable)) assert.ok(buffers.has(chunk.buffer));
    }
  });

  it("pulls no more than it needs", async () => {
    let pulled = 0;
    const stream = new ReadableStream<Bytes>({
      pull(controller) {
        if (pulled === three.length / 512) return controller.close();
        controller.enqueue(three.slice(pulled * 512, ++pulled * 512));
      },
    }, { highWaterMark: 0 });
    const entries = readTar(stream);
    assert.equal(pulled, 0);
    const entry = (await entries.next()).value!;
    assert.equal(pulled, 1);
    const reader = entry.readable.getReader();
    await new Promise((done) => setTimeout(done, 5));
    assert.equal(pulled, 1);
    await reader.read();
    assert.equal(pulled, 2);
    await entries.return();
  });

  it("ends the content of an entry that has been left", async () => {
    const entries = readTar(chunked(three, 512));
    const { readable } = (await entries.next()).value!;
    assert.equal((await entries.next()).value!.path, "b");
    await assert.rejects(
      all(readable),
      (error) => GantryError.is(error, "consumed") && /entry "a"/.test(error.message),
    );
    await entries.return();
  });

  it("ends the content of an entry when the loop is left, and cancels the stream", async () => {
    let cancelled = false;
    const stream = new ReadableStream<Bytes>({
      start: (controller) => controller.enqueue(three.slice(0, 600)),
      cancel: () => void (cancelled = true),
    });
    let found: TarEntry | undefined;
    for await (const entry of readTar(stream)) {
      found = entry;
      break;
    }
    assert.ok(cancelled);
    await assert.rejects(all(found!.readable), (error) => GantryError.is(error, "consumed"));
  });

  it("can be left while content never comes", async () => {
    const stream = new ReadableStream<Bytes>({
      start: (controller) => controller.enqueue(three.slice(0, 600)),
    });
    const entries = readTar(stream);
    const reader = (await entries.next()).value!.readable.getReader();
    assert.equal((await reader.read()).value!.length, 88);
    const hanging = reader.read();
    hanging.catch(() => {});
    await entries.return();
    await assert.rejects(hanging, (error) => GantryError.is(error, "consumed"));
  });

  it("goes on while content is being waited for", async () => {
    const entries = readTar(chunked(three, 100));
    const reader = (await entries.next()).value!.readable.getReader();
    const reading = Promise.allSettled([reader.read(), reader.read(), reader.read()]);
    assert.equal((await entries.next()).value!.path, "b");
    assert.equal((await entries.next()).value!.path, "c");
    assert.equal((await entries.next()).done, true);
    for (const result of await reading) {
      if (result.status === "rejected") assert.ok(GantryError.is(result.reason, "consumed"));
      else assert.ok(result.value.value!.every((byte) => byte === 0x41));
    }
  });

  it("gives one stream, however often asked", async () => {
    for await (const entry of readTar(chunked(three))) assert.equal(entry.readable, entry.readable);
  });

  it("gives content or what is stored, not both", async () => {
    for await (const entry of readTar(chunked(three))) {
      assert.ok(entry.readable);
      assert.throws(() => entry.stored, (error) => GantryError.is(error, "consumed"));
    }
  });

  it("tells the error of the stream to whoever reads", async () => {
    const broken = () => {
      let chunks = [three.slice(0, 600)];
      return new ReadableStream<Bytes>({
        pull(controller) {
          if (chunks.length === 0) return controller.error(new Error("broken"));
          controller.enqueue(chunks[0]!);
          chunks = [];
        },
      });
    };
    await assert.rejects(pathsOfStream(broken()), { message: "broken" });
    const entries = readTar(broken());
    const { readable } = (await entries.next()).value!;
    await assert.rejects(all(readable), { message: "broken" });
    await assert.rejects(entries.next(), { message: "broken" });
  });

  it("tells of an early end to whoever reads", async () => {
    const entries = readTar(chunked(three.slice(0, 600)));
    const { readable } = (await entries.next()).value!;
    await assert.rejects(all(readable), (error) => GantryError.is(error, "invalid-archive"));
    await assert.rejects(entries.next(), (error) => GantryError.is(error, "invalid-archive"));
  });

  it("ends with its signal, between entries and while it waits", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const entries = readTar(chunked(three, 512), { signal: controller.signal });
    await entries.next();
    controller.abort(reason);
    await assert.rejects(entries.next(), reason);

    const hanging = new AbortController();
    const waiting = readTar(new ReadableStream({ pull: () => new Promise(() => {}) }), {
      signal: hanging.signal,
    }).next();
    setTimeout(() => hanging.abort(reason), 1);
    await assert.rejects(waiting, reason);
  });

  it("keeps its entries' facts when the chunks they came in are used again", async () => {
    const entries: TarEntry[] = [];
    const chunk = three.slice();
    for await (const entry of readTar(streamOf(chunk))) entries.push(entry);
    chunk.fill(0x41);
    assert.deepEqual(entries.map(({ path, size, typeflag }) => [path, size, typeflag]), [
      ["a", 2000, "0"],
      ["b", 2, "0"],
      ["c", 0, "0"],
    ]);
  });

  it("gives header bytes and names that may be transferred", async () => {
    const paths: string[] = [];
    for await (const entry of readTar(chunked(three))) {
      for (const bytes of [entry.header, entry.pathBytes, entry.linknameBytes]) {
        structuredClone(bytes, { transfer: [bytes.buffer] });
        assert.equal(bytes.length, 0);
      }
      paths.push(entry.path);
      assert.equal(entry.header.length, 512);
    }
    assert.deepEqual(paths, ["a", "b", "c"]);
  });

  it("gives all header bytes", async () => {
    const tar = concat([pax({ path: "x".repeat(200) }), raw({ name: "a" }, "abc"), raw({ name: "b" }), end]);
    const headers: Bytes[] = [];
    for await (const { header } of readTar(chunked(tar, 77))) headers.push(header);
    assert.deepEqual(headers, [tar.slice(0, 1536), tar.slice(2048, 2560)]);
  });

  it("gives owners, devices and links", async () => {
    const at = { 265: "root", 297: "wheel", 329: "0000010\x000000377\0" };
    const tar = concat([
      raw({ name: "dev", flag: "4", at }),
      raw({ name: "l", flag: "2", linkname: "to\xff" }),
      end,
    ]);
    const found: unknown[] = [];
    for await (const entry of readTar(chunked(tar))) {
      const { type, uname, gname, devmajor, devminor, linknameBytes } = entry;
      found.push({ type, uname, gname, devmajor, devminor, linknameBytes });
    }
    assert.deepEqual(found, [
      {
        type: "block-device",
        uname: "root",
        gname: "wheel",
        devmajor: 8,
        devminor: 255,
        linknameBytes: latin1(""),
      },
      { type: "symlink", uname: "", gname: "", devmajor: 0, devminor: 0, linknameBytes: latin1("to\xff") },
    ]);
  });
});

async function pathsOfStream(stream: ReadableStream<Bytes>): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of readTar(stream)) paths.push(path);
  return paths;
}
