import assert from "node:assert/strict";
import { open, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { GantryError } from "../../src/errors.ts";
import { temporaryIn } from "./temporary.ts";
import { Lock } from "../../src/disk/lock.ts";
import { heartbeat, thisOwner } from "../../src/disk/process_identity.ts";
import { inDirectory, start } from "../layout/support.ts";

function lockIn(directory: string): Lock {
  return new Lock(directory, () => temporaryIn(directory));
}

const isConflict = (error: unknown) => GantryError.is(error, "conflict");

describe("lock", () => {
  it("is held by one at a time", () =>
    inDirectory(async (directory) => {
      let inside = 0, most = 0;
      await Promise.all(Array.from({ length: 12 }, async () => {
        const held = await lockIn(directory).take();
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setTimeout(resolve, 2));
        inside--;
        await held.release();
      }));
      assert.equal(most, 1);
    }));

  it("leaves nothing behind", () =>
    inDirectory(async (directory) => {
      for (let n = 1; n <= 3; n++) {
        const held = await lockIn(directory).take();
        assert.deepEqual(await readdir(directory), ["lock.1"]);
        await held.release();
        assert.deepEqual(await readdir(directory), []);
      }
    }));

  it("is not had by a higher ticket while a lower one is held", () =>
    inDirectory(async (directory) => {
      await writeFile(join(directory, "lock.7"), JSON.stringify({ ...await thisOwner(), started: "1" }));
      const sleeper = lockIn(directory).take({ wait: 0 });
      await (await sleeper).release();
      const held = await lockIn(directory).take();
      assert.deepEqual(await readdir(directory), ["lock.1"]);
      // Somebody saw the 7 before, and makes the 8 only now.
      const late = { ...await thisOwner(), pid: 2 ** 22 + 1 };
      await writeFile(join(directory, "lock.8"), JSON.stringify(late));
      await assert.rejects(lockIn(directory).take({ wait: 0 }), isConflict);
      await held.release();
      await (await lockIn(directory).take({ wait: 0 })).release();
      assert.deepEqual(await readdir(directory), []);
    }));

  it("is refused to who will not wait, and tells who holds it", () =>
    inDirectory(async (directory) => {
      const held = await lockIn(directory).take();
      assert.equal(await lockIn(directory).isHeld(), true);
      await assert.rejects(lockIn(directory).take({ wait: 20 }), (error) => {
        assert.ok(isConflict(error));
        assert.match((error as Error).message, new RegExp(`process ${process.pid} holds .*lock\\.1$`));
        return true;
      });
      await held.release();
      assert.equal(await lockIn(directory).isHeld(), false);
    }));

  it("stops waiting when told, with the reason", () =>
    inDirectory(async (directory) => {
      const held = await lockIn(directory).take();
      const abort = new AbortController();
      const reason = new Error("enough");
      setTimeout(() => abort.abort(reason), 10);
      await assert.rejects(lockIn(directory).take({ signal: abort.signal }), reason);
      await held.release();
      await assert.rejects(lockIn(directory).take({ signal: abort.signal }), reason);
      assert.deepEqual(await readdir(directory), []);
    }));

  it("passes on at once when its holder was killed", () =>
    inDirectory(async (directory) => {
      const child = start("../disk/lock_child.ts", directory, "hold");
      await child.lines(1);
      await assert.rejects(lockIn(directory).take({ wait: 20 }), isConflict);
      await child.kill();
      await (await lockIn(directory).take({ wait: 0 })).release();
      assert.deepEqual(await readdir(directory), []);
    }));

  it("passes on when the holder's number is a later process's now", () =>
    inDirectory(async (directory) => {
      const owner = await thisOwner();
      if (owner.started === null) return; // no /proc to tell
      await writeFile(join(directory, "lock.2"), JSON.stringify({ ...owner, started: "1" }));
      await (await lockIn(directory).take({ wait: 0 })).release();
    }));

  for (
    const [what, record] of [
      ["on another machine", JSON.stringify({ pid: 1, machine: "elsewhere", started: "1" })],
      ["that nothing is known of", JSON.stringify({ pid: 1, machine: null, started: null })],
      ["whose ticket is half written", '{"pid":'],
      ["whose ticket was lost in a power cut", ""],
    ] as const
  ) {
    it(`goes by the heartbeat of a holder ${what}`, () =>
      inDirectory(async (directory) => {
        const ticket = join(directory, "lock.7");
        await writeFile(ticket, record);
        await assert.rejects(lockIn(directory).take({ wait: 0 }), isConflict);
        const silent = new Date(Date.now() - 31_000);
        await utimes(ticket, silent, silent);
        await (await lockIn(directory).take({ wait: 0 })).release();
        assert.deepEqual(await readdir(directory), []);
      }));
  }

  it("is kept by a heartbeat, for as long as it is held", () =>
    inDirectory(async (directory) => {
      const file = await open(join(directory, "ticket"), "wx");
      await file.utimes(new Date(0), new Date(0));
      const stop = heartbeat(file, 2);
      while ((await file.stat()).mtimeMs === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      stop();
      await file.close();
    }));

  it("is not disturbed by a holder who was taken for dead", () =>
    inDirectory(async (directory) => {
      const slow = await lockIn(directory).take();
      const ticket = join(directory, "lock.1");
      await writeFile(ticket, JSON.stringify({ pid: 1, machine: "elsewhere", started: null }));
      await utimes(ticket, new Date(0), new Date(0));
      const next = await lockIn(directory).take({ wait: 0 });
      await slow.release();
      assert.equal(await lockIn(directory).isHeld(), true);
      assert.deepEqual(await readdir(directory), ["lock.2"]);
      await next.release();
    }));

  it("loses no step of several processes, some of which are killed", () =>
    inDirectory(async (directory) => {
      const children = Array.from({ length: 5 }, () =>
        start("../disk/lock_child.ts", directory, "count", "40"));
      for (const [after, child] of [[3, children[0]!], [12, children[1]!]] as const) {
        await child.lines(after);
        await child.kill();
      }
      const logs = [children[0]!.output(), children[1]!.output()];
      for (const child of children.slice(2)) {
        logs.push(await child.done());
      }
      const steps = logs.join("").split("\n").filter((line) =>
        line !== ""
      );
      const count = Number(await readFile(join(directory, "counter"), "utf8"));
      assert.equal(new Set(steps).size, steps.length, "two made the same step");
      // A killed one may have made a step and not told.
      assert.ok(count >= steps.length && count <= steps.length + 2, `${count} after ${steps.length} steps`);
      assert.ok(steps.length >= 3 * 40 + 15);
    }));
});
