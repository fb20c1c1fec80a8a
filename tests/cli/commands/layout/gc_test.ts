import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { utimes } from "node:fs/promises";
import { imageOf, printed, withRegistry } from "../../gantry.ts";

describe("gantry layout gc", () => {
  it("removes what nothing names, and tells", () =>
    withRegistry(async ({ directory, gantry, host, repository }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      printed(await gantry("pull", "--format", "oci", `${host}/app:v1`, "layout"));
      const blobs = join(directory, "layout/blobs/sha256");
      const before = (await readdir(blobs)).sort();
      const hex = "0".repeat(64);
      await writeFile(join(blobs, hex), "garbage");
      await utimes(join(blobs, hex), 1, 1);
      const { code, stdout, stderr } = await gantry("layout", "gc", "layout");
      assert.deepEqual([code, stdout, stderr], [0, "", `removed sha256:${hex}\n`]);
      assert.deepEqual((await readdir(blobs)).sort(), before);
      assert.deepEqual(JSON.parse(printed(await gantry("layout", "gc", "--json", "oci:layout"))), {
        removed: [],
        bytes: 0,
      });
      for (const args of [["nowhere"], ["--grace", "soon", "layout"]]) {
        assert.equal((await gantry("layout", "gc", ...args)).code, 1);
      }
    }));
});
