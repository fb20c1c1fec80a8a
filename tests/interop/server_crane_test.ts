import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../server/client.ts";
import { pushRealImage, pushRealIndex, tarOf } from "./server_images.ts";
import { needs, type Place, run, serving as servingFrom, storages } from "./server_peers.ts";

const crane = (...args: string[]) => run("crane", ...args);

for (const storage of Object.keys(storages) as (keyof typeof storages)[]) {
  const serving = (work: (place: Place) => Promise<void>) => servingFrom(work, storage);

  describe(`crane and the server over ${storage}`, needs("crane"), () => {
    it("push, look at, validate and pull", () =>
      serving(async ({ host, directory, repository }) => {
        const tar = join(directory, "layer.tar");
        await writeFile(tar, tarOf("big.bin", 20 * 1024 * 1024));
        await crane("append", "-f", tar, "-t", `${host}/some/app:v1`);
        const { descriptor } = await repository("some/app").resolve("v1");
        assert.equal(await crane("digest", `${host}/some/app:v1`), descriptor.digest);
        await crane("validate", "--remote", `${host}/some/app:v1`);
        await crane("pull", `${host}/some/app:v1`, join(directory, "app.tar"));
        await crane("pull", "--format=oci", `${host}/some/app:v1`, join(directory, "layout"));
        await crane("push", join(directory, "app.tar"), `${host}/other/app:v1`);
        await crane("push", join(directory, "layout"), `${host}/third/app:v1`);
        await crane("validate", "--remote", `${host}/other/app:v1`);
        assert.equal(await crane("digest", `${host}/third/app:v1`), descriptor.digest);
      }));

    it("mount what is copied between repositories", () =>
      serving(async ({ handler, host, log }) => {
        const { layer, manifest } = await pushRealImage(handler, "from/app", "v1", 100_000);
        await crane("copy", `${host}/from/app:v1`, `${host}/to/app:v1`);
        assert.ok(
          log.some((line) =>
            line.startsWith("POST /v2/to/app/blobs/uploads/?") && line.endsWith(" 201") &&
            line.includes(`mount=${layer}`) && line.includes("from=from/app")
          ),
          log.join("\n"),
        );
        assert.ok(!log.some((line) => line.startsWith("PATCH")), log.join("\n"));
        assert.equal(await crane("digest", `${host}/to/app:v1`), digestOf(manifest));
        await crane("validate", "--remote", `${host}/to/app:v1`);
      }));

    it("copy an index with all that is in it", () =>
      serving(async ({ handler, host }) => {
        const index = await pushRealIndex(handler, "from", "v1");
        await crane("copy", `${host}/from:v1`, `${host}/to:v1`);
        assert.equal(await crane("manifest", `${host}/to:v1`), index);
        await crane("validate", "--remote", `${host}/to:v1`);
      }));

    it("tag, list and delete", () =>
      serving(async ({ handler, host, repository }) => {
        await pushRealImage(handler, "app", "v1");
        await pushRealImage(handler, "lib/base", "v1");
        for (const tag of ["v2", "v10", "A"]) await crane("tag", `${host}/app:v1`, tag);
        assert.deepEqual((await crane("ls", `${host}/app`)).split("\n"), ["A", "v1", "v10", "v2"]);
        assert.deepEqual((await crane("catalog", host)).split("\n"), ["app", "lib/base"]);
        await crane("delete", `${host}/app:A`);
        assert.deepEqual((await crane("ls", `${host}/app`)).split("\n"), ["v1", "v10", "v2"]);
        const digest = await crane("digest", `${host}/app:v1`);
        await crane("delete", `${host}/app@${digest}`);
        assert.equal(await crane("ls", `${host}/app`), "");
        await assert.rejects(repository("app").resolve(digest));
        await assert.rejects(crane("manifest", `${host}/app:v1`), /MANIFEST_UNKNOWN/);
      }));
  });
}

describe("crane and the server", needs("crane"), () => {
  it("follow the pages of a long list", () =>
    servingFrom(async ({ handler, host, log, repository }) => {
      await pushRealImage(handler, "app", "v0");
      const { descriptor } = await repository("app").resolve("v0");
      for (let i = 1; i < 2500; i++) await repository("app").tag(`v${i}`, descriptor);
      const tags = (await crane("ls", `${host}/app`)).split("\n");
      assert.equal(new Set(tags).size, 2500);
      assert.equal(log.filter((line) => line.startsWith("GET /v2/app/tags/list")).length, 3);
    }));
});
