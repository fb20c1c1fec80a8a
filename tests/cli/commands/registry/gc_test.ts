import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { layouts } from "../../../../src/layout/mod.ts";
import { store } from "../../../../src/store/mod.ts";
import { inDirectory } from "../../../support/directory.ts";
import { imageOf, start } from "../../gantry.ts";

describe("gantry registry gc", () => {
  it("removes what no image needs (E24)", () =>
    inDirectory(async (directory) => {
      await using there = store(join(directory, "images"));
      const app = there.linked("app");
      await copy(imageOf("one"), app, { name: "v1" });
      const { descriptor } = await copy(imageOf("two"), app, { name: "v2" });
      await app.delete(descriptor);
      const run = (...args: string[]) => start(["registry", "gc", ...args, "images"], { directory }).ended;
      assert.equal((await run()).stdout, "0 blobs of 0 bytes removed\n");
      assert.match(
        (await run("--dry-run", "--grace", "0")).stdout,
        /^[2-9] blobs of \d+ bytes would be removed\n$/,
      );
      assert.match((await run("--grace", "0")).stdout, /^[2-9] blobs of \d+ bytes removed\n$/);
      assert.equal((await run("--grace", "0")).stdout, "0 blobs of 0 bytes removed\n");
      await copy(imageOf("one"), app, { name: "v1" });
      assert.equal((await app.resolve("v1")).descriptor.digest, await imageOf("one").digest());
    }));

  it("removes what the configuration says is no longer wanted, and tells it before", () =>
    inDirectory(async (directory) => {
      let seconds = 0;
      await using there = store(join(directory, "images"), { now: () => new Date(1e12 + 1000 * seconds++) });
      for (const tag of ["v1", "v2", "v3"]) await copy(imageOf("one"), there.linked("app"), { name: tag });
      const config = { disk: "images", retention: [{ keepLast: 1 }] };
      await writeFile(join(directory, "registry.json"), JSON.stringify(config));
      const run = (...args: string[]) =>
        start(["registry", "gc", "--config", "registry.json", ...args], { directory }).ended;
      const names = "app:v1\napp:v2\n";
      assert.equal((await run("--dry-run")).stdout, `${names}0 blobs of 0 bytes would be removed\n`);
      assert.equal((await run("--dry-run")).stdout, `${names}0 blobs of 0 bytes would be removed\n`);
      assert.equal((await run()).stdout, `${names}0 blobs of 0 bytes removed\n`);
      assert.deepEqual(await Array.fromAsync(there.linked("app").names()), ["v3"]);
      assert.equal((await run("images")).stdout, "0 blobs of 0 bytes removed\n");
    }));

  it("leaves alone what is no registry, and what an older version still needs", () =>
    inDirectory(async (directory) => {
      await mkdir(join(directory, "empty"));
      const none = await start(["registry", "gc", "empty"], { directory }).ended;
      assert.deepEqual([none.code, none.stdout], [1, ""]);
      assert.match(none.stderr, /there is no metadata\.db/);
      const old = layouts(join(directory, "old"));
      await copy(imageOf("one"), old("app"), { name: "v1" });
      const kept = await start(["registry", "gc", "--grace", "0", "old"], { directory }).ended;
      assert.equal(kept.stdout, "0 blobs of 0 bytes removed\n");
    }));
});
