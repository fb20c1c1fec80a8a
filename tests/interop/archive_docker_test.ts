import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type ArchiveFormat, saveArchive } from "../../src/archive/mod.ts";
import { emptyImage, layer } from "../../src/image/mod.ts";
import { writeTar } from "../../src/tar/mod.ts";
import { withDocker } from "./archive_daemons.ts";
import { assertFacts, factsOf, loaded, realImage } from "./archive_images.ts";
import { needs } from "./server_peers.ts";

describe("Docker and archives", needs("dockerd"), () => {
  it("loads layers that are compressed with zstd", () =>
    withDocker(async (directory, docker) => {
      const bytes = new TextEncoder().encode("hello\n");
      const tar = () =>
        writeTar([{ type: "file", path: "hello", size: bytes.length, readable: new Blob([bytes]).stream() }]);
      const image = emptyImage().append(layer(tar, { compression: "zstd" }));
      for (const format of ["combined", "docker", "legacy"] as ArchiveFormat[]) {
        const [file, name] = [join(directory, `zstd-${format}.tar`), `zstd-${format}:v1`];
        await saveArchive(file, [{ image, names: [name] }], { format });
        await docker("load", "-i", file);
        const [found] = JSON.parse(await docker("image", "inspect", name));
        assert.equal(found.Id, await image.configName());
      }
    }));

  it("loads what was saved, and saves what is read", () =>
    withDocker(async (directory, docker) => {
      // An OCI layout alone is for engines with containerd's image store.
      for (const format of ["combined", "docker", "legacy"] as ArchiveFormat[]) {
        const image = await realImage(format);
        const facts = await factsOf(image);
        const name = `${format}:v1`;
        const [tar, out] = [join(directory, `${format}.tar`), join(directory, `${format}-out.tar`)];
        await saveArchive(tar, [{ image, names: [name] }], { format });
        await docker("load", "-i", tar);
        const [found] = JSON.parse(await docker("image", "inspect", name));
        assert.deepEqual([found.Id, found.RootFS.Layers], [facts.config, facts.diffIDs]);
        await docker("save", "-o", out, name);
        assertFacts(await loaded(out, name), facts);
      }
    }));
});
