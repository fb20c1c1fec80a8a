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

  it("keeps an image in the store where no directory is named, until its last name is taken away", () =>
    withRegistry(async ({ gantry, host, repository, directory, log }) => {
      await copy(image, repository("app"), { name: "v1" });
      const name = `${host}/app:v1`;
      const store = join(directory, "data/gantry/store");
      const id = (await image.configName()).slice(7, 19);
      assert.equal(printed(await gantry("unpack", name)), `${join(store, "images", id)}\n`);
      assert.deepEqual(JSON.parse(readFileSync(join(store, "images.json"), "utf8")), {
        [`${host}/app`]: { v1: id },
      });
      log.length = 0;
      printed(await gantry("unpack", name));
      assert.deepEqual(log.map((line) => line.split(" ")[0]), ["HEAD"]);
      assert.match(printed(await gantry("images")), new RegExp(` ${id} +-\\n$`));
      const { images } = JSON.parse(printed(await gantry("images", "--json")));
      assert.deepEqual(images[0].unpacked, { id, directory: join(store, "images", id) });
      printed(await gantry("images", "tag", name, `${host}/app:other`));
      assert.equal(printed(await gantry("rmi", name)), `${name}\n`);
      assert.ok(!existsSync(join(store, "images", id)));
      assert.equal(printed(await gantry("images", "-q")), `${host}/app:other\n`);
      printed(await gantry("unpack", name));
      printed(await gantry("unpack", `${host}/app@${await image.digest()}`));
      printed(await gantry("rmi", name));
      assert.ok(existsSync(join(store, "images", id)));
      for (const place of ["./app.tar", "docker-archive:app.tar", "-"]) {
        const { stderr } = await gantry("unpack", place);
        assert.match(stderr, /say into which directory, or name an image of a registry/);
      }
    }));

  it("prunes what is unpacked and has no name", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      await copy(image, repository("app"), { name: "v1" });
      const path = printed(await gantry("unpack", `${host}/app:v1`)).trimEnd();
      const id = path.slice(-12);
      printed(await gantry("images", "prune", "--older-than", "0"));
      const dry = await gantry("prune", "--dry-run");
      assert.deepEqual([dry.code, dry.stdout], [0, `${id}\n`]);
      assert.ok(existsSync(path));
      const { unpacked } = JSON.parse(printed(await gantry("prune", "--json")));
      assert.deepEqual(unpacked, [id]);
      assert.ok(!existsSync(path));
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
