import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type ArchiveFormat, saveArchive } from "../../src/archive/mod.ts";
import { fixture, needsFixtures } from "../support/fixtures.ts";
import { digestOf } from "../archive/support.ts";
import { assertFacts, factsOf, inDirectory, loaded, realImage } from "./archive_images.ts";
import { needs, run } from "./server_peers.ts";

const skopeo = (...args: string[]) => run("skopeo", "--insecure-policy", ...args);

/** The archives that a transport of skopeo's reads. */
const readable: [transport: string, format: ArchiveFormat, name: string][] = [
  ["docker-archive", "combined", "localhost:5000/app:v1"],
  ["docker-archive", "docker", "localhost:5000/app:v1"],
  ["docker-archive", "legacy", "localhost:5000/app:v1"],
  ["oci-archive", "combined", "v1"],
  ["oci-archive", "oci", "localhost:5000/app:v1"],
];

describe("skopeo and archives", needs("skopeo"), () => {
  for (const [transport, format, name] of readable) {
    it(`reads ${format} as ${transport}`, () =>
      inDirectory(async (directory) => {
        const image = await realImage();
        const tar = join(directory, "app.tar");
        await saveArchive(tar, [{ image, names: ["localhost:5000/app:v1"] }], { format });
        const raw = await skopeo("inspect", "--config", "--raw", `${transport}:${tar}:${name}`);
        assert.equal(digestOf(raw), await image.configName());
        // It reads the layers, and holds them to their digests.
        await skopeo("copy", `${transport}:${tar}:${name}`, `dir:${join(directory, "dir")}`);
        const manifest = JSON.parse(await readFile(join(directory, "dir/manifest.json"), "utf8"));
        assert.equal(manifest.config.digest, await image.configName());
        assert.equal(manifest.layers.length, 3);
      }));
  }

  for (const transport of ["docker-archive", "oci-archive"]) {
    it(`writes ${transport}s that are read`, () =>
      inDirectory(async (directory) => {
        const image = await realImage();
        const tar = join(directory, "app.tar");
        await saveArchive(tar, [{ image, names: ["v1"] }], { format: "oci" });
        const out = join(directory, "out.tar");
        await skopeo("copy", `oci-archive:${tar}:v1`, `${transport}:${out}:localhost:5000/app:v1`);
        const found = await loaded(out, "localhost:5000/app:v1");
        assertFacts(found, await factsOf(image));
        if (transport === "oci-archive") assert.equal(found.digest, await image.digest());
      }));
  }

  it(
    "reads what was pulled from a compressed docker save",
    needsFixtures,
    () =>
      inDirectory(async (directory) => {
        const { archive } = await import("../../src/archive/mod.ts");
        const { openImage } = await import("../../src/image/mod.ts");
        const there = archive(fixture("docker-archives/trivy-alpine-310.tar.gz"));
        const image = await openImage(there, "alpine:3.10");
        for (const format of ["combined", "docker", "legacy"] as const) {
          const tar = join(directory, `${format}.tar`);
          await saveArchive(tar, [{ image, names: ["alpine:3.10"] }], { format });
          const raw = await skopeo("inspect", "--config", "--raw", `docker-archive:${tar}:alpine:3.10`);
          assert.equal(digestOf(raw), await image.configName());
          await skopeo("copy", `docker-archive:${tar}:alpine:3.10`, `oci:${join(directory, format)}:v1`);
        }
        await there.close();
      }),
  );
});

describe("umoci and archives", needs("umoci"), () => {
  it("G18: unpacks a layout that was one", () =>
    inDirectory(async (directory) => {
      for (const format of ["combined", "oci"] as const) {
        const layout = join(directory, format);
        await mkdir(layout);
        const tar = join(directory, `${format}.tar`);
        await saveArchive(tar, [{ image: await realImage("unpacked"), names: ["app:v1"] }], { format });
        await run("tar", "-xf", tar, "-C", layout);
        const tag = format === "oci" ? "app:v1" : "v1";
        assert.ok((await run("umoci", "ls", "--layout", layout)).split("\n").includes(tag));
        if (tag.includes(":")) continue; // --image takes the first colon for the end of the path
        await run(
          "umoci",
          "raw",
          "unpack",
          "--rootless",
          "--image",
          `${layout}:${tag}`,
          join(directory, "root"),
        );
        assert.equal(await readFile(join(directory, "root/etc/file"), "utf8"), "base of unpacked");
      }
    }));

  it("G18: writes a layout that is one when it is packed", () =>
    inDirectory(async (directory) => {
      const layout = join(directory, "layout");
      const image = `${layout}:v1`;
      await run("umoci", "init", "--layout", layout);
      await run("umoci", "new", "--image", image);
      await run("umoci", "insert", "--rootless", "--image", image, "/etc/hostname", "/etc/name");
      const tar = join(directory, "app.tar");
      await run("tar", "-cf", tar, "-C", layout, ".");
      const { diffIDs } = await loaded(tar, "v1");
      assert.equal(diffIDs.length, 1);
    }));
});
