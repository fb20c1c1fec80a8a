import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { archive } from "../../../../src/archive/mod.ts";
import { copy } from "../../../../src/copy/mod.ts";
import { layout } from "../../../../src/layout/mod.ts";
import { collect } from "../../../../src/testing/collect.ts";
import { digestAt, imageOf, manifestAt, printed, withRegistry, writeIndex } from "../../gantry.ts";

describe("gantry push, of what gantry pull wrote", () => {
  it("keeps the digest through a tarball, as it is and compressed", () =>
    withRegistry(async ({ directory, gantry, host, repository }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      const digest = await digestAt(repository("app"), "v1");
      assert.equal(printed(await gantry("pull", `${host}/app:v1`, "app.tar")), "");
      assert.deepEqual(await collect(archive(join(directory, "app.tar")).names()), [`${host}/app:v1`]);
      assert.deepEqual((await readdir(directory)).filter((name) => name.startsWith(".")), []);
      assert.equal(printed(await gantry("digest", "--tarball", "app.tar")), `${digest}\n`);
      assert.equal(printed(await gantry("digest", "--tarball", "app.tar", `${host}/app:v1`)), `${digest}\n`);
      assert.equal(printed(await gantry("push", "app.tar", `${host}/to:v2`)), `${host}/to@${digest}\n`);
      assert.equal(await digestAt(repository("to"), "v2"), digest);
      await writeFile(join(directory, "app.tgz"), gzipSync(await readFile(join(directory, "app.tar"))));
      assert.equal(printed(await gantry("push", "app.tgz", `${host}/to:v3`)), `${host}/to@${digest}\n`);
    }));

  it("finds one of several images in a tarball by its name", () =>
    withRegistry(async ({ directory, gantry, host, repository }) => {
      for (const tag of ["v1", "v2"]) await copy(imageOf(tag), repository("app"), { name: tag });
      const digest = await digestAt(repository("app"), "v2");
      printed(await gantry("pull", `${host}/app:v1`, `${host}/app:v2`, `${host}/app@${digest}`, "all.tar"));
      const names = await collect(archive(join(directory, "all.tar")).names());
      assert.deepEqual(names, ["i-was-a-digest", "v1", "v2"].map((tag) => `${host}/app:${tag}`));
      const several = await gantry("push", "all.tar", `${host}/to:v1`);
      assert.equal(several.code, 1);
      assert.match(several.stderr, /^Error: push "all\.tar": it holds 2 images, name one \(.*app:v2\)\n$/);
      const pushed = printed(await gantry("push", `docker-archive:all.tar:${host}/app:v2`, `${host}/to:v2`));
      assert.equal(pushed, `${host}/to@${digest}\n`);
    }));

  it("takes OCI layouts, and all of one with --index", () =>
    withRegistry(async ({ directory, gantry, host, repository }) => {
      const { digest } = await writeIndex(repository("app"), "v1");
      await copy(imageOf("one"), repository("app"), { name: "one" });
      const one = await digestAt(repository("app"), "one");
      printed(await gantry("pull", "--format", "oci", `${host}/app:v1`, "images"));
      const index = JSON.parse(await readFile(join(directory, "images/index.json"), "utf8"));
      assert.deepEqual(index.manifests.map((entry: { digest: string }) => entry.digest), [digest]);

      const pushed = await gantry("push", "images", `${host}/back:v1`, "--image-refs", "refs");
      assert.equal(printed(pushed), `${host}/back@${digest}\n`);
      assert.equal(await readFile(join(directory, "refs"), "utf8"), `${host}/back@${digest}`);
      assert.equal(await digestAt(repository("back"), "v1"), digest);

      printed(await gantry("pull", "--format=oci", "--annotate-ref", `${host}/app:one`, "images"));
      assert.equal(await digestAt(layout(join(directory, "images")), `${host}/app:one`), one);
      const two = await gantry("push", "images", `${host}/back:v2`);
      assert.equal(two.code, 1);
      assert.match(two.stderr, /^Error: push "images": it holds 2 images.*--index\n$/);
      const whole = printed(await gantry("push", "--index", "images", `${host}/back:v2`)).trim();
      assert.equal(whole, `${host}/back@${await digestAt(repository("back"), "v2")}`);
      assert.equal(
        await manifestAt(repository("back"), "v2"),
        await readFile(join(directory, "images/index.json"), "utf8"),
      );
    }));
});
