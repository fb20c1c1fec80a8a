import assert from "node:assert/strict";
import { readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { startScript } from "../../support/spawn.ts";
import { directorySessions, uploadsDirectory } from "../../../src/cli/support/upload_sessions.ts";
import { inDirectory } from "../../support/directory.ts";

describe("upload sessions in a directory", () => {
  it("are found again, replaced and forgotten", () =>
    inDirectory(async (directory) => {
      const uploads = join(directory, "state/uploads");
      const one = directorySessions(uploads);
      assert.equal(await one.get("key"), undefined);
      await one.set("key", "first");
      await one.set("key", "second");
      await one.set("../other\0/key", "third");
      const other = directorySessions(uploads);
      assert.equal(await other.get("key"), "second");
      assert.equal(await other.get("../other\0/key"), "third");
      await other.delete("key");
      await other.delete("key");
      assert.equal(await directorySessions(uploads).get("key"), undefined);
      assert.equal((await readdir(uploads)).length, 1);
    }));

  it("belong to a process as long as it lives", () =>
    inDirectory(async (directory) => {
      const script = startScript(new URL("./hold_session.ts", import.meta.url), [directory, "key", "theirs"]);
      await new Promise<void>((resolve) => script.child.stdout!.once("data", () => resolve()));
      const sessions = directorySessions(directory);
      assert.equal(await sessions.get("key"), undefined);
      await sessions.set("key", "ours");
      assert.equal(await sessions.get("key"), "ours");
      await sessions.delete("key");
      assert.equal((await readdir(directory)).length, 1);
      script.child.kill("SIGKILL");
      await script.ended;
      assert.equal(await sessions.get("key"), "theirs");
      await sessions.delete("key");
      assert.deepEqual(await readdir(directory), []);
    }));

  it("can be read by their owner alone, and tell no names", () =>
    inDirectory(async (directory) => {
      const uploads = join(directory, "uploads");
      await directorySessions(uploads).set("registry.example/app", "https://secret");
      const names = await readdir(uploads);
      assert.match(names.join(), /^[0-9a-f]{64}$/);
      if (process.platform === "win32") return;
      assert.equal((await stat(uploads)).mode & 0o777, 0o700);
      assert.equal((await stat(join(uploads, names[0]!))).mode & 0o777, 0o600);
    }));

  it("that nobody came back for are removed", () =>
    inDirectory(async (uploads) => {
      const long = new Date(Date.now() - 15 * 24 * 60 * 60 * 1000);
      await writeFile(join(uploads, "old"), "x");
      await utimes(join(uploads, "old"), long, long);
      await writeFile(join(uploads, "new"), "x");
      await directorySessions(uploads).set("key", "value");
      const names = await readdir(uploads);
      assert.equal(names.length, 2);
      assert.ok(names.includes("new"));
    }));

  it("that a power cut has emptied are begun anew", () =>
    inDirectory(async (uploads) => {
      await directorySessions(uploads).set("key", "lost");
      const [name] = await readdir(uploads);
      await writeFile(join(uploads, name!), "");
      const long = new Date(Date.now() - 60 * 1000);
      await utimes(join(uploads, name!), long, long);
      const sessions = directorySessions(uploads);
      assert.equal(await sessions.get("key"), undefined);
      await sessions.set("key", "new");
      assert.equal(await directorySessions(uploads).get("key"), "new");
    }));

  it("hold for one run where the directory cannot be written", () =>
    inDirectory(async (directory) => {
      await writeFile(join(directory, "file"), "");
      const sessions = directorySessions(join(directory, "file/uploads"));
      await sessions.set("key", "value");
      assert.equal(await sessions.get("key"), "value");
      await sessions.delete("key");
      assert.equal(await sessions.get("key"), undefined);
    }));

  it("are where the environment says", () => {
    assert.equal(uploadsDirectory({ XDG_STATE_HOME: "/state" }), join("/state", "gantry", "uploads"));
    assert.equal(
      uploadsDirectory({ HOME: "/home/me" }),
      join("/home/me", ".local", "state", "gantry", "uploads"),
    );
  });
});
