import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copy, type Image, image, layer, memory, openPlace } from "../../mod.ts";
import { registries } from "../../src/registry/mod.ts";
import { streamOf, utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { dirScheme } from "../../src/places/dir.ts";
import { hexOf } from "../../src/spec/digest.ts";
import { imageOf, printed, withRegistry, writeIndex } from "../cli/gantry.ts";
import { inDirectory } from "../support/directory.ts";
import { fixture, needsFixtures } from "../support/fixtures.ts";
import { rejects } from "../../src/testing/errors.ts";

/** The files that an image has in such a directory, in order. */
async function filesOf(image: Image): Promise<string[]> {
  const digests = [
    await image.configName(),
    ...await Promise.all((await image.layers()).map((l) => l.digest())),
  ];
  return [...digests.map(hexOf), "manifest.json", "version"].sort();
}

/** An image whose last layer cannot be read. */
function brokenImage(): Image {
  const broken = () =>
    streamOf(utf8("not a tar")).pipeThrough(
      new TransformStream({ transform: () => Promise.reject(new Error("the disk is gone")) }),
    );
  return imageOf("one").append(layer(broken));
}

describe("dir:", () => {
  it("holds an image as skopeo does, and gives it back byte for byte", () =>
    inDirectory(async (directory) => {
      const [path, app] = [join(directory, "app"), imageOf("one")];
      const { descriptor, how } = await copy(app, `dir:${path}`);
      assert.equal(how, "written");
      assert.deepEqual((await readdir(path)).sort(), await filesOf(app));
      assert.equal(await readFile(join(path, "version"), "utf8"), "Directory Transport Version: 1.1\n");
      assert.deepEqual(new Uint8Array(await readFile(join(path, "manifest.json"))), await app.rawManifest());
      const target = memory();
      const back = await copy(`dir:${path}`, { target, name: "v1" });
      assert.equal(back.descriptor.digest, descriptor.digest);
      assert.equal(await (await image(`dir:${path}:${descriptor.digest}`)).digest(), descriptor.digest);
      await rejects(image(`dir:${path}:v1`), "not-found", /an image there has no name/);
    }));

  it("holds the manifests that an index names beside it", () =>
    inDirectory(async (directory) => {
      const source = memory();
      const index = await writeIndex(source, "v1");
      await copy({ source, name: "v1" }, `dir:${directory}`);
      const files = await readdir(directory);
      const root = await openPlace({ source, name: "v1" });
      for (const part of await root.children()) {
        assert.ok(files.includes(`${hexOf(part.known!.digest)}.manifest.json`), files.join());
      }
      assert.equal(files.filter((name) => name.endsWith(".manifest.json")).length, 2);
      assert.equal((await copy(`dir:${directory}`, { target: memory() })).descriptor.digest, index.digest);
      const arm = await image(`dir:${directory}`, { platform: "linux/arm64" });
      assert.equal((await arm.config()).architecture, "arm64");
    }));

  it("takes digests of other algorithms", () =>
    inDirectory(async (directory) => {
      const app = imageOf("one");
      const config = await app.rawConfigFile();
      const digest = await digestBytes(config, "sha512");
      const text = new TextDecoder().decode(await app.rawManifest()).replace(await app.configName(), digest);
      const [manifest, part] = [utf8(text), (await app.layers())[0]!];
      const source = memory();
      await copy(app, { target: source });
      const content = (bytes: typeof manifest, mediaType: string) => ({
        mediaType,
        replayable: true,
        open: () => Promise.resolve(streamOf(bytes)),
      });
      await source.write({ ...content(config, "application/json"), digest });
      const { mediaType } = await app.descriptor();
      await source.write(content(manifest, mediaType), { role: "manifest", name: "v1" });
      await copy({ source, name: "v1" }, `dir:${directory}`);
      assert.deepEqual(
        (await readdir(directory)).sort(),
        [hexOf(digest), hexOf(await part.digest()), "manifest.json", "version"].sort(),
      );
      assert.deepEqual(await (await image(`dir:${directory}`)).rawConfigFile(), config);
    }));

  it("replaces an image, and all that belonged to it", () =>
    inDirectory(async (directory) => {
      const to = `dir:${directory}`;
      await copy(imageOf("one"), to);
      for (const name of ["signature-1", `.${crypto.randomUUID()}.tmp`]) {
        await writeFile(join(directory, name), "");
      }
      await writeFile(join(directory, "notes"), "kept");
      await copy(imageOf("two"), to);
      const files = (await readdir(directory)).filter((name) => name !== "notes").sort();
      assert.deepEqual(files, await filesOf(imageOf("two")));
      assert.equal(await readFile(join(directory, "notes"), "utf8"), "kept");
    }));

  it("leaves all as it was when a write fails", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "app");
      await assert.rejects(copy(brokenImage(), `dir:${path}`), /the disk is gone/);
      assert.equal(existsSync(path), false);
      const { descriptor } = await copy(imageOf("before"), `dir:${path}`);
      await assert.rejects(copy(brokenImage(), `dir:${path}`), /the disk is gone/);
      assert.deepEqual((await readdir(path)).sort(), await filesOf(imageOf("before")));
      assert.equal((await copy(`dir:${path}`, { target: memory() })).descriptor.digest, descriptor.digest);
    }));

  it("does not take a write that was killed for an image, and can be written again", () =>
    inDirectory(async (directory) => {
      const { descriptor } = await copy(imageOf("one"), `dir:${directory}`);
      const manifest = `${hexOf(descriptor.digest)}.manifest.json`;
      await rename(join(directory, "manifest.json"), join(directory, manifest));
      await rejects(image(`dir:${directory}`), "not-found", /no manifest\.json/);
      await copy(imageOf("two"), `dir:${directory}`);
      assert.deepEqual((await readdir(directory)).sort(), await filesOf(imageOf("two")));
    }));

  it("refuses a directory with other things in it, names, and several images", () =>
    inDirectory(async (directory) => {
      await writeFile(join(directory, "notes"), "");
      await rejects(copy(imageOf("one"), `dir:${directory}`), "conflict", /directory not empty/);
      assert.deepEqual(await readdir(directory), ["notes"]);
      const path = join(directory, "app");
      await rejects(copy(imageOf("one"), `dir:${path}:v1`), "invalid-name", /has no name/);
      const several = [{ image: imageOf("one") }, { image: imageOf("two") }];
      await rejects(
        dirScheme.at(path).save!(several, { registry: registries() }),
        "unsupported",
        /one image, not 2/,
      );
      await rejects(copy(imageOf("one"), `dir:${join(directory, "notes")}`), "storage");
    }));

  it("verifies what is read", () =>
    inDirectory(async (directory) => {
      const app = imageOf("one");
      const { descriptor } = await copy(app, `dir:${directory}`);
      const blob = join(directory, hexOf(await app.configName()));
      const bytes = await readFile(blob);
      bytes[0]! ^= 1;
      await writeFile(blob, bytes);
      await rejects(copy(`dir:${directory}`, { target: memory() }), "digest-mismatch");
      await writeFile(blob, bytes.subarray(1));
      await rejects(copy(`dir:${directory}`, { target: memory() }), "size-mismatch");
      await rm(blob);
      await rejects(copy(`dir:${directory}`, { target: memory() }), "not-found", /no such blob/);
      await writeFile(join(directory, `${"0".repeat(64)}.manifest.json`), await app.rawManifest());
      await rejects(image(`dir:${directory}:sha256:${"0".repeat(64)}`), "digest-mismatch");
      assert.equal(await (await image(`dir:${directory}`)).digest(), descriptor.digest);
    }));

  it("is recognized at a plain path, and by its files alone", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "app");
      assert.equal(await dirScheme.at(path).exists!(), false);
      await mkdir(path);
      assert.equal(await dirScheme.at(path).exists!(), false);
      assert.equal(await dirScheme.recognizes(path), false);
      await copy(imageOf("one"), `dir:${path}`);
      assert.equal(await dirScheme.at(path).exists!(), true);
      assert.equal(await dirScheme.recognizes(path), true);
    }));

  for (const name of ["libimage-scratch-dir", "skopeo-uncompressed-s2"]) {
    it(`reads what others wrote: ${name}`, needsFixtures, () =>
      inDirectory(async (directory) => {
        const path = fixture(`dir-images/${name}`);
        const { descriptor } = await copy(`dir:${path}`, `dir:${directory}`);
        const manifest = await readFile(join(path, "manifest.json"));
        assert.equal(descriptor.digest, await digestBytes(new Uint8Array(manifest)));
        assert.deepEqual(await readFile(join(directory, "manifest.json")), manifest);
        for (const file of await readdir(path)) {
          assert.deepEqual(await readFile(join(directory, file)), await readFile(join(path, file)));
        }
      }));
  }

  it("is taken by the commands, but for the names that it does not have", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      const { digest } = await writeIndex(repository("app"), "v1");
      printed(await gantry("pull", `${host}/app:v1`, "dir:app"));
      assert.equal(printed(await gantry("digest", "dir:app")), `${digest}\n`);
      assert.equal(printed(await gantry("push", "app", `${host}/back:v1`)), `${host}/back@${digest}\n`);
      assert.equal(printed(await gantry("validate", "--remote", "dir:app")), "PASS: dir:app\n");
      assert.match(printed(await gantry("copy", "--help")), /dir:PATH/);
      const { code, stderr } = await gantry("ls", "dir:app");
      assert.deepEqual(
        { code, stderr },
        { code: 1, stderr: "Error: list the tags of dir:app: this kind of place cannot do that\n" },
      );
      assert.equal((await gantry("copy", "-n", `${host}/app:v1`, "dir:app")).code, 1);
    }));
});
