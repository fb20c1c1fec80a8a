import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { entriesOf, file, latin1 } from "../../../tar/tools.ts";
import { imageOf as tree, stored } from "../../../tree/support.ts";
import { imageOf, printed, withRegistry, writeIndex } from "../../gantry.ts";

const image = () => tree(() => [file("a", "1"), file("b", "1")], () => [file("a", "2"), file(".wh.b", "")]);

async function filesOf(tar: Uint8Array): Promise<Record<string, string>> {
  const found = await entriesOf(tar);
  return Object.fromEntries(
    found.map(({ entry, content }) => [entry.path, new TextDecoder().decode(content)]),
  );
}

describe("gantry export", () => {
  it("writes the file system to a file, to standard output, and there by itself", () =>
    withRegistry(async ({ gantry, host, directory, repository }) => {
      await copy(image(), repository("app"), { name: "v1" });
      const to = join(directory, "rootfs.tar");
      await writeFile(to, "old");
      assert.equal(printed(await gantry("export", `${host}/app:v1`, to)), "");
      assert.deepEqual(await filesOf(await readFile(to)), { a: "2" });
      for (const more of [["-"], []]) {
        const { stdout } = await gantry("export", `${host}/app:v1`, ...more);
        assert.deepEqual(latin1(stdout), new Uint8Array(await readFile(to)));
      }
    }));

  it("takes any place, and the image for --platform", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      await writeIndex(repository("app"), "v1");
      assert.equal((await gantry("copy", `${host}/app:v1`, "oci:layout:v1", "-q")).code, 0);
      const { stdout } = await gantry("export", "oci:layout:v1", "--platform", "linux/arm64");
      assert.deepEqual(await filesOf(latin1(stdout)), { file: "for arm64" });
      assert.equal((await gantry("pull", `${host}/app:v1`, "app.tar", "-q")).code, 0);
      const other = await gantry("export", "docker-archive:app.tar");
      assert.deepEqual(await filesOf(latin1(other.stdout)), { file: "for amd64" });
    }));

  it("passes on the only blob of an artifact", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      const { image } = await stored(latin1("not a tar"), undefined, "application/vnd.example");
      await copy(image, repository("thing"), { name: "v1" });
      assert.equal(printed(await gantry("export", `${host}/thing:v1`)), "not a tar");
    }));

  it("leaves the file alone when a layer is broken", () =>
    withRegistry(async ({ gantry, host, directory, repository }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      await writeFile(join(directory, "old.tar"), "old");
      const { code, stderr } = await gantry("export", `${host}/app:none`, "old.tar");
      assert.equal(code, 1);
      assert.match(stderr, /app:none/);
      assert.equal(await readFile(join(directory, "old.tar"), "utf8"), "old");
    }));
});
