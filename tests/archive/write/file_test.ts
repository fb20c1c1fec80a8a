import { leavesNoTemporaryFiles } from "../../support/temporary_files.ts";
import assert from "node:assert/strict";
import { lstat, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { archive, saveArchive, writeArchive } from "../../../src/archive/mod.ts";
import type { Bytes } from "../../../src/bytes.ts";
import type { Part } from "../../../src/content/mod.ts";
import { openRoot } from "../../../src/image/mod.ts";
import { collect, inDirectory } from "../../layout/support.ts";
import { bytesOf, digestOf, fails, imageOf, layerTar } from "../support.ts";
import { partOf } from "./support.ts";

describe("saving an archive", () => {
  it("replaces the file when all of it is there, and tells what is in it", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "app.tar");
      await writeFile(path, "before");
      const images = [{ image: await imageOf("a") }, { image: await imageOf("b"), names: ["b:1"] }];
      const roots = await saveArchive(path, images);
      assert.deepEqual(roots, await Promise.all(images.map(({ image }) => image.descriptor())));
      assert.deepEqual(new Uint8Array(await readFile(path)), await bytesOf(writeArchive(images)));
      assert.deepEqual(await readdir(directory), ["app.tar"]);
    }));

  it("leaves what was there when a blob is not what it should be, is cut, or is not there", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "app.tar");
      const layer = await layerTar("a");
      const right = { digest: digestOf(layer), size: layer.length };
      const open = (bytes: Bytes) => () => Promise.resolve(new Blob([bytes]).stream());
      const flipped = layer.slice();
      flipped[0]! ^= 1;
      const cases: [Part, RegExp][] = [
        [partOf(layer, { ...right, open: open(flipped) }), /^read sha256:.*, expected sha256:/],
        [partOf(layer, { ...right, open: open(layer.slice(1)) }), /2047 bytes, expected 2048/],
        [partOf(layer, { ...right, open: open(new Uint8Array(4000)) }), /more than the expected 2048 bytes/],
        [partOf(layer, { ...right, open: () => Promise.reject(new Error("gone")) }), /^gone$/],
      ];
      for (const before of [undefined, "before"]) {
        if (before) await writeFile(path, before);
        for (const [image, words] of cases) {
          await assert.rejects(
            saveArchive(path, [{ image }], { format: "oci" }),
            (error: Error) => words.test(error.message),
          );
          assert.deepEqual(await readdir(directory), before ? ["app.tar"] : []);
        }
      }
      assert.equal(await readFile(path, "utf8"), "before");
    }));

  it("stops when it is told to, and leaves nothing", () =>
    inDirectory((directory) =>
      leavesNoTemporaryFiles(async () => {
        const layer = await layerTar("a");
        const stop = new AbortController();
        const hanging = new ReadableStream<Bytes>({ pull: () => stop.abort(new Error("enough")) });
        const image = partOf(layer, {
          digest: digestOf(layer),
          size: layer.length,
          open: () => Promise.resolve(hanging),
        });
        const saving = saveArchive(join(directory, "app.tar"), [{ image }], {
          signal: stop.signal,
          format: "oci",
        });
        await assert.rejects(saving, /^Error: enough$/);
        assert.deepEqual(await readdir(directory), []);
      })
    ));

  it("goes through links, into devices, and not over directories", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "app.tar");
      await mkdir(join(directory, "there"));
      await writeFile(join(directory, "there/real.tar"), "before");
      await symlink("there/real.tar", path);
      const image = await imageOf("a");
      await saveArchive(path, [{ image }]);
      assert.ok((await lstat(path)).isSymbolicLink());
      assert.equal(
        (await archive(join(directory, "there/real.tar")).resolve("@0")).descriptor.digest,
        await image.digest(),
      );
      await saveArchive("/dev/null", [{ image }]);
      assert.ok((await lstat("/dev/null")).isCharacterDevice());
      await assert.rejects(saveArchive(directory, [{ image }]), fails("unsupported", /a directory is there/));
      await assert.rejects(
        saveArchive(join(directory, "no/app.tar"), [{ image }]),
        fails("storage", /app\.tar/),
      );
    }));

  it("takes a file apart and puts it together in place", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "app.tar");
      const image = await imageOf("a");
      await saveArchive(path, [{ image, names: ["app:v1"] }]);
      const [root] = await saveArchive(path, [{
        image: await openRoot(archive(path), "app:v1"),
        names: ["app:v2"],
      }]);
      assert.equal(root!.digest, await image.digest());
      assert.deepEqual(await collect(archive(path).names()), ["app:v2"]);
    }));
});
