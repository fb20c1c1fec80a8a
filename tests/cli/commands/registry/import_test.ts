import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { layouts } from "../../../../src/layout/mod.ts";
import { store } from "../../../../src/store/mod.ts";
import { digestOf } from "../../../server/client.ts";
import { inDirectory } from "../../../support/directory.ts";
import { imageOf, start } from "../../gantry.ts";

describe("gantry registry import", () => {
  it("takes what is there, says what is not, and does not end well then", () =>
    inDirectory(async (directory) => {
      const root = join(directory, "from", "docker", "registry", "v2");
      const put = async (path: string, text: string) => {
        await mkdir(dirname(join(root, path)), { recursive: true });
        await writeFile(join(root, path), text);
      };
      const [there, missing] = [digestOf("there"), digestOf("missing")];
      await put(`blobs/sha256/${there.slice(7, 9)}/${there.slice(7)}/data`, "there");
      for (const digest of [there, missing]) {
        await put(`repositories/acme/app/_layers/${digest.replace(":", "/")}/link`, digest);
      }
      const run = (...args: string[]) =>
        start(["registry", "import", ...args, "--disk", "to"], { directory }).ended;
      const { code, stdout, stderr } = await run("from", "--from", "docker-registry");
      assert.deepEqual([code, stdout], [1, "acme/app: 0 manifests, 1 blobs, 0 tags\n"]);
      assert.match(stderr, new RegExp(`^acme/app@${missing}: its blob is not there$`, "m"));
      assert.match(stderr, /import "from": 1 things are wrong or missing, all else is in to$/m);
      await using images = store(join(directory, "to"));
      assert.equal((await images.linked("acme/app").resolve(there, { role: "blob" })).descriptor.size, 5);
      assert.match((await run("nowhere")).stderr, /there is no nowhere\/docker\/registry\/v2\/repositories/);
      assert.equal((await run("from", "--from", "harbor")).code, 1);
    }));

  it("is refused into a directory that an older version made", () =>
    inDirectory(async (directory) => {
      await copy(imageOf("one"), layouts(join(directory, "to"))("app"), { name: "v1" });
      const { code, stderr } = await start(["registry", "import", "from", "--disk", "to"], { directory })
        .ended;
      assert.equal(code, 1);
      assert.match(stderr, /an older version made to; serve it once before/);
    }));
});
