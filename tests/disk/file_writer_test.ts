import assert from "node:assert/strict";
import { open, readFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { FileWriter } from "../../src/disk/file_writer.ts";
import { inDirectory } from "../support/directory.ts";

const kibibyte = 1024;

/** A file that tells when it is flushed, and fails where it is told to. */
function recording(failing: { write?: Error; datasync?: Error } = {}) {
  const log: string[] = [];
  const written = (size: number) =>
    failing.write ? Promise.reject(failing.write) : Promise.resolve({ bytesWritten: size });
  const file = {
    writev: (pieces: Uint8Array[]) => written(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0)),
    write: (_piece: Uint8Array, _at: number, size: number) => written(size),
    datasync() {
      log.push("datasync");
      return failing.datasync ? Promise.reject(failing.datasync) : Promise.resolve();
    },
    sync: () => Promise.resolve(void log.push("sync")),
  } as unknown as FileHandle;
  return { file, log };
}

describe("a file writer", () => {
  it("writes pieces behind each other", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "file");
      const file = await open(path, "wx");
      let written = 0;
      const writer = new FileWriter(file, { flushed: true, written: (size) => written += size });
      const pieces = Array.from({ length: 700 }, (_, i) => new Uint8Array(i).fill(i));
      for (const piece of pieces) await writer.add(piece);
      await writer.drain();
      await writer.sync();
      await file.close();
      assert.equal(written, 700 * 699 / 2);
      assert.ok(Buffer.concat(pieces).equals(await readFile(path)));
    }));

  it("writes several pieces at once, and the rest at the end", async () => {
    const sizes: number[] = [];
    const written = (size: number) => void sizes.push(size / kibibyte);
    const writer = new FileWriter(recording().file, { flushed: false, written });
    for (let i = 0; i < 7; i++) await writer.add(new Uint8Array(64 * kibibyte));
    await writer.drain();
    await writer.drain();
    assert.deepEqual(sizes, [256, 192]);
  });

  it("flushes what has come while more comes, where it is to be flushed", async () => {
    for (const flushed of [true, false]) {
      const { file, log } = recording();
      const writer = new FileWriter(file, { flushed });
      for (let i = 0; i < 40; i++) await writer.add(new Uint8Array(kibibyte * kibibyte));
      await writer.drain();
      assert.equal(log.filter((entry) => entry === "datasync").length, flushed ? 2 : 0);
    }
  });

  it("tells of a failed write once, and goes on behind it", async () => {
    const failing: { write?: Error } = { write: new Error("full") };
    let written = 0;
    const writer = new FileWriter(recording(failing).file, {
      flushed: true,
      written: (size) => written += size,
    });
    await writer.add(new Uint8Array(256 * kibibyte));
    await assert.rejects(writer.drain(), /full/);
    delete failing.write;
    await writer.add(new Uint8Array(kibibyte));
    await writer.drain();
    assert.equal(written, kibibyte);
  });

  it("never takes for flushed what the disk has lost", async () => {
    const { file, log } = recording({ datasync: new Error("lost") });
    const writer = new FileWriter(file, { flushed: true });
    await writer.add(new Uint8Array(20 * kibibyte * kibibyte));
    await writer.drain();
    for (let i = 0; i < 2; i++) await assert.rejects(writer.sync(), /lost/);
    assert.ok(!log.includes("sync"));
  });
});
