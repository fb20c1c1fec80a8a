import assert from "node:assert/strict";
import { open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { GantryError } from "../../src/errors.ts";
import { onDisk } from "../../src/disk/errors.ts";
import { temporaryIn } from "./temporary.ts";
import { putFile } from "../../src/disk/replace.ts";
import { readSmall, writeAll } from "../../src/disk/files.ts";
import { layout, layouts } from "../../src/layout/mod.ts";
import { contentOf, filesIn, inDirectory, putText, startLimited } from "../layout/support.ts";

function refusal(code: string, path?: string): Error {
  return Object.assign(new Error(`${code}: in the system's words`), { code, ...(path && { path }) });
}

describe("what the disk refuses", () => {
  it("is a storage error that says why and where", async () => {
    for (
      const [error, message] of [
        [refusal("ENOSPC"), 'write x in layout "y": no space left on the disk'],
        [refusal("EDQUOT", "/z"), 'write x in layout "y": the disk quota is used up: /z'],
        [refusal("EROFS", "/z"), 'write x in layout "y": the disk is read-only: /z'],
        [refusal("EACCES", "/z"), 'write x in layout "y": permission denied: /z'],
        [refusal("EIO"), 'write x in layout "y": EIO: in the system\'s words'],
      ] as const
    ) {
      await assert.rejects(onDisk('write x in layout "y"', () => Promise.reject(error)), (made: Error) => {
        assert.ok(GantryError.is(made, "storage"));
        assert.equal(made.message, message);
        assert.equal(made.cause, error);
        return true;
      });
    }
    for (const error of [new Error("ours"), new GantryError("conflict", "x"), refusal("ABORT_ERR")]) {
      await assert.rejects(onDisk("x", () => Promise.reject(error)), (same) => same === error);
    }
  });

  it("leaves no file under its final name, and no other", () =>
    inDirectory(async (directory) => {
      await writeFile(join(directory, "final"), "old");
      const full = await open("/dev/full", "r+").catch(() => undefined);
      if (full) {
        await assert.rejects(onDisk("write", () => writeAll(full, utf8("x"))), (e) =>
          GantryError.is(e, "storage"));
        await full.close();
      }
      await assert.rejects(
        putFile(join(directory, "no", "final"), utf8("new"), await temporaryIn(directory)),
      );
      assert.deepEqual(await filesIn(directory), ["final"]);
    }));

  it("is told for every kind of write", () =>
    inDirectory(async (directory) => {
      await writeFile(join(directory, "file"), "");
      const isStorage = (error: unknown) =>
        GantryError.is(error, "storage") && error.message.includes(directory);
      for (const there of [layout(join(directory, "file")), layouts(join(directory, "file"))("a")]) {
        await assert.rejects(putText(there, "blob"), isStorage);
        await assert.rejects(there.ingest("session"), isStorage);
      }
      assert.deepEqual(await filesIn(directory), ["file"]);
    }));

  it("may come in the middle of a blob: nothing of it is left, and small ones still go in", () =>
    inDirectory(async (directory) => {
      assert.equal(
        await startLimited(16 * 1024 * 1024, "../layout/full_child.ts", directory).done(),
        "well\n",
      );
    }));

  it("passes through where it is not the disk's", () =>
    inDirectory(async (directory) => {
      const reset = refusal("ECONNRESET");
      const content = { ...await contentOf(utf8("x")), open: () => Promise.reject(reset) };
      await assert.rejects(layout(directory).write(content), (error) => error === reset);
      await rm(directory, { recursive: true });
    }));
});

describe("a small file", () => {
  it("is read whole while others put another in its place", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "file");
      const contents = ["short", "l" + "o".repeat(9000) + "ng"];
      await writeFile(path, contents[0]!);
      let running = true;
      const writing = (async () => {
        for (let n = 0; running; n++) {
          await putFile(path, utf8(contents[n % 2]!), await temporaryIn(directory));
        }
      })();
      for (let n = 0; n < 300; n++) {
        const text = new TextDecoder().decode(await readSmall(path, 10_000));
        assert.ok(contents.includes(text), `${text.length} bytes`);
      }
      running = false;
      await writing;
    }));
});
