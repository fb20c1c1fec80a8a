import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type ArchiveFormat, saveArchive } from "../../src/archive/mod.ts";
import { assertFacts, factsOf, inDirectory, loaded, realImage } from "./archive_images.ts";
import { needs, run } from "./server_peers.ts";

/** Podman over a store of its own. */
function podmanIn(directory: string): (...args: string[]) => Promise<string> {
  const store = [
    "--root",
    join(directory, "root"),
    "--runroot",
    join(directory, "run"),
    "--storage-driver",
    "vfs",
  ];
  return (...args) => run("podman", ...store, ...args);
}

describe("podman and archives", needs("podman"), () => {
  for (const format of ["combined", "oci", "docker", "legacy"] as ArchiveFormat[]) {
    it(`loads ${format}`, () =>
      inDirectory(async (directory) => {
        const podman = podmanIn(directory);
        const image = await realImage();
        const { config, diffIDs } = await factsOf(image);
        const tar = join(directory, "app.tar");
        await saveArchive(tar, [{ image, names: ["localhost:5000/app:v1"] }], { format });
        await podman("load", "-i", tar);
        const [found] = JSON.parse(await podman("image", "inspect", "localhost:5000/app:v1"));
        assert.equal(`sha256:${found.Id}`, config);
        assert.deepEqual(found.RootFS.Layers, diffIDs);
      }));
  }

  it("loads several images of one archive", () =>
    inDirectory(async (directory) => {
      const podman = podmanIn(directory);
      const images = await Promise.all(["a", "b"].map(async (text) => ({
        image: await realImage(text),
        names: [`localhost/${text}:v1`],
      })));
      const tar = join(directory, "all.tar");
      await saveArchive(tar, images);
      await podman("load", "-i", tar);
      for (const { image, names } of images) {
        const id = await podman("image", "inspect", "--format", "{{.Id}}", names[0]!);
        assert.equal(`sha256:${id}`, await image.configName());
      }
    }));

  for (const format of ["docker-archive", "oci-archive"]) {
    it(`saves ${format}s that are read`, () =>
      inDirectory(async (directory) => {
        const podman = podmanIn(directory);
        const image = await realImage();
        const [tar, out] = [join(directory, "app.tar"), join(directory, "out.tar")];
        await saveArchive(tar, [{ image, names: ["localhost:5000/app:v1"] }]);
        await podman("load", "-i", tar);
        await podman("save", "--format", format, "-o", out, "localhost:5000/app:v1");
        assertFacts(await loaded(out, "localhost:5000/app:v1"), await factsOf(image));
      }));
  }

  it("saves several images that are read", () =>
    inDirectory(async (directory) => {
      const podman = podmanIn(directory);
      const images = await Promise.all(["a", "b"].map(realImage));
      const [tar, out] = [join(directory, "app.tar"), join(directory, "out.tar")];
      await saveArchive(tar, images.map((image, i) => ({ image, names: [`localhost/app:${i}`] })));
      await podman("load", "-i", tar);
      await podman("save", "-m", "-o", out, "localhost/app:0", "localhost/app:1");
      for (const [i, image] of images.entries()) {
        assertFacts(await loaded(out, `localhost/app:${i}`), await factsOf(image));
      }
    }));
});
