import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { copy } from "../../../../src/copy/mod.ts";
import { emptyImage, layer, openImage } from "../../../../src/image/mod.ts";
import { writeTar } from "../../../../src/tar/mod.ts";
import { file } from "../../../tar/tools.ts";
import { printed, withRegistry } from "../../gantry.ts";

const plain = { compression: "none" } as const;
const image = emptyImage()
  .append(layer(() => writeTar([file("etc/motd", "hello", { uid: 5 }), file("etc/old", "")]), plain))
  .append(layer(() => writeTar([file("etc/.wh.old", ""), file("etc/new", "new")]), plain));

describe("gantry unpack", () => {
  it("makes the root of an image in a registry, a file or a layout", () =>
    withRegistry(async ({ gantry, host, repository, directory }) => {
      await copy(image, repository("app"), { name: "v1" });
      printed(await gantry("pull", `${host}/app:v1`, "app.tar"));
      printed(await gantry("pull", "--format", "oci", `${host}/app:v1`, "layout"));
      for (const [i, from] of [`${host}/app:v1`, "app.tar", "./layout", "docker-archive:app.tar"].entries()) {
        assert.equal(printed(await gantry("unpack", from, `root-${i}`)), "");
        const there = (path: string) => join(directory, `root-${i}`, path);
        assert.equal(readFileSync(there("etc/motd"), "utf8"), "hello");
        assert.ok(!existsSync(there("etc/old")));
      }
      const { code, stderr } = await gantry("unpack", "app.tar", "root-0");
      assert.deepEqual([code, stderr], [1, 'Error: unpack to "root-0": directory not empty\n']);
      assert.match(
        (await gantry("unpack", "./nothing", "new")).stderr,
        /neither an archive nor an OCI layout/,
      );
    }));

  it("makes one directory for each layer, and notes owners", () =>
    withRegistry(async ({ gantry, host, repository, directory }) => {
      await copy(image, repository("app"), { name: "v1" });
      printed(await gantry("unpack", "--layers", "--rootless", `${host}/app:v1`, "layers"));
      const layers = JSON.parse(readFileSync(join(directory, "layers/layers.json"), "utf8")) as {
        path: string;
      }[];
      const [base, upper] = layers.map(({ path }) => join(directory, "layers", path));
      assert.equal(readFileSync(join(base!, "etc/motd"), "utf8"), "hello");
      assert.equal(readFileSync(join(upper!, "etc/new"), "utf8"), "new");
      assert.ok(!existsSync(join(upper!, "etc/motd")));
      const owners = JSON.parse(readFileSync(join(directory, "layers.owners.json"), "utf8"));
      assert.deepEqual(owners[`${layers[0]!.path}/etc/motd`], { uid: 5, gid: 0 });
    }));
});

describe("gantry repack", () => {
  it("puts what has changed on top of the image, and nothing where nothing has", () =>
    withRegistry(async ({ gantry, host, repository, directory }) => {
      await copy(image, repository("app"), { name: "v1" });
      printed(await gantry("unpack", `${host}/app:v1`, "root"));
      const same = printed(await gantry("repack", "root", `${host}/app:v1`, "-t", `${host}/app:same`));
      assert.equal(same, `${host}/app@${await image.digest()}\n`);
      writeFileSync(join(directory, "root/etc/motd"), "changed");
      rmSync(join(directory, "root/etc/new"));
      printed(await gantry("repack", "root", `${host}/app:v1`, "-t", `${host}/app:v2`));
      const changed = await openImage(repository("app"), "v2");
      const layers = await changed.layers();
      assert.deepEqual([layers.length, (await changed.config()).history?.length], [3, 3]);
      const paths: string[] = [];
      for await (const { path, uid } of layers[2]!.entries()) paths.push(`${path} ${uid}`);
      const uid = process.getuid?.() === 0 ? 5 : 0;
      assert.deepEqual(paths, ["etc/ 0", `etc/motd ${uid}`, "etc/.wh.new 0"]);
    }));
});
