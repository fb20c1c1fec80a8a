import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { BlobDirectory } from "../../src/disk/blob_directory.ts";
import { namesIn } from "../../src/disk/directory.ts";
import { GantryDirectory } from "../../src/disk/gantry_directory.ts";
import { Ingests } from "../../src/disk/ingests.ts";
import { type Bytes, streamOf, utf8 } from "../../src/bytes.ts";
import type { Content } from "../../src/content/contracts.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { GantryError } from "../../src/errors.ts";
import { layout } from "../../src/layout/mod.ts";
import { mediaTypes } from "../../src/spec/media_type.ts";
import { breaking, randomBytes } from "../../src/testing/content.ts";
import { contentOf, inDirectory, readText, start } from "../layout/support.ts";

const isConflict = (error: unknown) => GantryError.is(error, "conflict");

/** What is left in a layout of sessions and temporary files. */
async function leftovers(directory: string): Promise<string[]> {
  const names = await Promise.all(["ingest", "tmp"].map((part) => namesIn(join(directory, ".gantry", part))));
  return names.flat();
}

describe("sessions of a layout", () => {
  it("have names that cannot lead elsewhere", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      for (const name of ["", ".", "..", "../x", "a/b", "a\0b", "ä", "x".repeat(129)]) {
        await assert.rejects(there.ingest(name), (error) => GantryError.is(error, "invalid-name"), name);
      }
      for (const name of ["...", "a", "x".repeat(128), "-_.9"]) await (await there.ingest(name)).close();
      assert.equal((await namesIn(join(directory, ".gantry", "ingest"))).length, 4);
    }));

  it("are one writer's at a time, also before the first byte", () =>
    inDirectory(async (directory) => {
      const first = await layout(directory).ingest("one");
      await assert.rejects(layout(directory).ingest("one"), isConflict);
      await assert.rejects(layout(directory).ingest("one", { create: false }), isConflict);
      await first.append(streamOf(utf8("some")), 0);
      await assert.rejects(layout(directory).ingest("one"), isConflict);
      await first.close();
      await first.close();
      const second = await layout(directory).ingest("one", { create: false });
      assert.equal(second.offset, 4);
      await second.abort();
      await second.abort();
      await second.close();
      assert.deepEqual(await leftovers(directory), []);
    }));

  it("pass on at once, with what is there, when their process is killed", () =>
    inDirectory(async (directory) => {
      const child = start("../layout/session_child.ts", directory, "killed");
      await child.lines(1);
      await assert.rejects(layout(directory).ingest("killed"), isConflict);
      await child.kill();
      const ingest = await layout(directory).ingest("killed", { create: false });
      assert.equal(ingest.offset, 10);
      await ingest.append(streamOf(utf8(" and mine")), 10);
      const { digest } = await ingest.commit();
      assert.equal(digest, await digestBytes(utf8("its bytes, and mine")));
      assert.deepEqual(await leftovers(directory), []);
    }));

  it("end only once", () =>
    inDirectory(async (directory) => {
      const ingest = await layout(directory).ingest("over");
      await ingest.append(streamOf(utf8("x")), 0);
      await ingest.commit();
      await assert.rejects(ingest.commit(), isConflict);
      await assert.rejects(ingest.append(streamOf(utf8("x")), 1), isConflict);
      await ingest.abort();
      await ingest.close();
    }));

  it("take one stream at a time", () =>
    inDirectory(async (directory) => {
      const ingest = await layout(directory).ingest("twice");
      const slow = ingest.append(breaking(randomBytes(1000), Infinity), 0);
      let cancelled = false;
      const other = new ReadableStream<Bytes>({ cancel: () => void (cancelled = true) });
      await assert.rejects(ingest.append(other, 0), isConflict);
      assert.equal(cancelled, true);
      await assert.rejects(ingest.commit(), isConflict);
      await slow;
      assert.equal((await ingest.commit()).size, 1000);
    }));

  it("are verified from their first byte, whoever wrote it", () =>
    inDirectory(async (directory) => {
      const content = await contentOf(utf8("the right bytes"));
      const ingest = await layout(directory).ingest("tampered");
      await ingest.append(streamOf(utf8("the ")), 0);
      await ingest.close();
      await writeFile(join(directory, ".gantry", "ingest", "tampered", "data"), "not ");
      await assert.rejects(
        layout(directory).write(content, { session: "tampered" }),
        (error) => GantryError.is(error, "digest-mismatch"),
      );
      assert.equal((await layout(directory).write(content, { session: "tampered" })).how, "written");
      assert.deepEqual(await leftovers(directory), []);
    }));

  it("notice that somebody else has written", () =>
    inDirectory(async (directory) => {
      const ingest = await layout(directory).ingest("shared");
      await ingest.append(streamOf(utf8("mine")), 0);
      await writeFile(join(directory, ".gantry", "ingest", "shared", "data"), "other");
      await assert.rejects(ingest.commit(), isConflict);
      await ingest.abort();
    }));

  it("may be named by sha512 at last, or by sha256 after all", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const bytes = randomBytes(300_000);
      for (const algorithm of ["sha512", "sha384", "sha256"] as const) {
        const digest = await digestBytes(bytes, algorithm);
        const ingest = await there.ingest("algorithms");
        await ingest.append(streamOf(bytes), 0);
        assert.equal((await ingest.commit(digest)).digest, digest);
        const file = await readFile(join(directory, "blobs", algorithm, digest.slice(7)));
        assert.equal(await digestBytes(file, algorithm), digest);
      }
    }));

  it("of content that turns out longer than they have are begun anew", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const ingest = await there.ingest("stale");
      await ingest.append(streamOf(utf8("another content's bytes")), 0);
      await ingest.close();
      const content = await contentOf(utf8("short"));
      await assert.rejects(
        there.write(content, { session: "stale" }),
        (e) => GantryError.is(e, "size-mismatch"),
      );
      const { descriptor } = await there.write(content, { session: "stale" });
      assert.equal(await readText(there, descriptor), "short");
    }));

  it("leave nothing behind when a write without one fails", () =>
    inDirectory(async (directory) => {
      const there = layout(directory);
      const content = await contentOf(randomBytes(400_000));
      const cut: Content = {
        ...content,
        open: () => Promise.resolve(breaking(randomBytes(400_000), 300_000)),
      };
      await assert.rejects(there.write(cut), /the cable was cut/);
      await assert.rejects(there.write({ ...content, open: () => Promise.reject(new Error("no")) }), /no/);
      const abort = new AbortController();
      const stalled: Content = { ...content, open: () => Promise.resolve(new ReadableStream<Bytes>({})) };
      setTimeout(() => abort.abort(new Error("enough")), 20);
      await assert.rejects(there.write(stalled, { signal: abort.signal }), /enough/);
      assert.deepEqual(await leftovers(directory), []);
    }));

  it("leave nothing behind when opening one is aborted", () =>
    inDirectory(async (directory) => {
      const blobs = new BlobDirectory(
        join(directory, "blobs"),
        new GantryDirectory(join(directory, ".gantry")),
      );
      const signal = AbortSignal.abort(new Error("enough"));
      await assert.rejects(new Ingests(blobs).open("one", { signal }), /enough/);
      assert.deepEqual(await namesIn(directory), []);
    }));

  it("leave the pieces they are given as they are", () =>
    inDirectory(async (directory) => {
      const bytes = randomBytes(10_000);
      const copy = bytes.slice();
      await layout(directory).write({
        mediaType: mediaTypes.octetStream,
        replayable: false,
        open: () => Promise.resolve(streamOf(bytes)),
      });
      assert.deepEqual(bytes, copy);
    }));
});
