import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { archive } from "../../../../src/archive/mod.ts";
import { copy } from "../../../../src/copy/mod.ts";
import { type Image, type Index, openImage, openRoot, validate } from "../../../../src/image/mod.ts";
import { mediaTypes } from "../../../../src/spec/mod.ts";
import { layerTar } from "../../../archive/support.ts";
import { pathsIn } from "../../../image/tars.ts";
import { configAt, imageOf, manifestAt, printed, withRegistry, writeIndex } from "../../gantry.ts";

describe("gantry append", () => {
  it("makes an image of tars, compressed or not, of directories, and of standard input", () =>
    withRegistry(async ({ directory, gantry, given, host, repository }) => {
      await writeFile(join(directory, "a.tar"), await layerTar("a"));
      await writeFile(join(directory, "b.tar.gz"), gzipSync(await layerTar("b")));
      await mkdir(join(directory, "dist"));
      await writeFile(join(directory, "dist/c"), "c");
      const args = ["append", "-f", "a.tar,b.tar.gz", "-f", "dist", "-f", "-", "-t", `${host}/app:v1`];
      const out = printed(await given(await layerTar("d"), ...args));
      const image = await openImage(repository("app"), "v1");
      assert.equal(out, `${host}/app@${await image.digest()}\n`);
      assert.deepEqual(await Promise.all((await image.layers()).map(pathsIn)), [["file"], ["file"], ["c"], [
        "file",
      ]]);
      assert.deepEqual(await validate(image), []);
      // As with crane: Docker's types, and a config that says nothing.
      assert.equal(await image.mediaType(), mediaTypes.dockerManifest);
      assert.match(
        await configAt(repository("app"), "v1"),
        /^{"architecture":"","created":"0001-01-01T00:00:00Z","history":\[.*\],"os":"","rootfs":{.*},"config":{}}$/,
      );
      printed(await gantry("append", "--oci-empty-base", "-f", "a.tar", "-t", `${host}/app:oci`));
      assert.equal((await repository("app").resolve("oci")).descriptor.mediaType, mediaTypes.ociManifest);
    }));

  it("sends only what is new, and mounts the rest", () =>
    withRegistry(async ({ directory, gantry, host, log, repository }) => {
      await copy(imageOf("base"), repository("base"), { name: "v1" });
      await writeFile(join(directory, "a.tar"), await layerTar("a"));
      log.length = 0;
      const args = [
        "-b",
        `${host}/base:v1`,
        "-f",
        "a.tar",
        "-t",
        `${host}/app:v1`,
        "--set-base-image-annotations",
      ];
      printed(await gantry("append", ...args));
      const blob = (await imageOf("base").manifest()).layers[0]!.digest;
      assert.deepEqual(log.filter((line) => line.startsWith("GET") && line.includes("/blobs/")).length, 1); // the config
      assert.ok(
        log.some((line) => line.startsWith("POST") && line.includes(`mount=${blob}`) && line.endsWith("201")),
      );
      const { annotations, layers } = JSON.parse(await manifestAt(repository("app"), "v1"));
      assert.equal(layers.length, 2);
      assert.deepEqual(annotations, {
        "org.opencontainers.image.base.digest": await imageOf("base").digest(),
        "org.opencontainers.image.base.name": `${host}/base:v1`,
      });
    }));

  it("appends to all platforms of an index, or to one, and writes tarballs", () =>
    withRegistry(async ({ directory, gantry, host, repository }) => {
      await writeIndex(repository("multi"), "v1");
      await writeFile(join(directory, "a.tar"), await layerTar("a"));
      const base = ["append", "-b", `${host}/multi:v1`, "-f", "a.tar"];
      printed(await gantry(...base, "-t", `${host}/multi:v2`));
      const index = await openRoot(repository("multi"), "v2") as Index;
      assert.equal((await index.children()).length, 2);
      for (const part of await index.children()) assert.equal((await (part as Image).layers()).length, 2);
      assert.deepEqual(await validate(index), []);
      printed(await gantry(...base, "--platform", "linux/arm64", "-t", `${host}/multi:arm`));
      const one = await openImage(repository("multi"), "arm");
      assert.equal((await one.config()).architecture, "arm64");
      assert.equal(printed(await gantry(...base, "-t", "app:v1", "-o", "app.tar")), "");
      const saved = await openImage(archive(join(directory, "app.tar")), "app:v1");
      assert.equal((await saved.layers()).length, 2);
      assert.ok((await readFile(join(directory, "app.tar"))).length > 0);
    }));

  it("writes nothing when something is wrong", () =>
    withRegistry(async ({ directory, gantry, host, repository }) => {
      await writeFile(join(directory, "xz"), Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0, 0, 0));
      const cases: [string[], RegExp][] = [
        [["-f", "none.tar", "-t", `${host}/x:v1`], /append layer "none\.tar": no such file/],
        [["-f", "xz", "-t", `${host}/x:v1`], /compressed with xz/],
        [["-f", "-,-", "-t", `${host}/x:v1`], /standard input can be read once/],
        [["-t", `${host}/x:v1`], /--new_layer/],
        [["-f", "xz"], /compressed with xz|--tag/],
        [["-b", `${host}/none:v1`, "-f", "xz", "-t", `${host}/x:v1`], /none|xz/],
      ];
      for (const [args, words] of cases) {
        const { code, stdout, stderr } = await gantry("append", ...args);
        assert.deepEqual([code, stdout], [1, ""]);
        assert.match(stderr, words);
      }
      await assert.rejects(repository("x").resolve("v1"));
    }));
});
