import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { archive, type ArchiveFormat, saveArchive } from "../../src/archive/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { openImage } from "../../src/image/mod.ts";
import { fixture, needsFixtures } from "../support/fixtures.ts";
import { assertFacts, factsOf, loaded, realImage } from "./archive_images.ts";
import { needs, run, serving } from "./server_peers.ts";

const crane = (...args: string[]) => run("crane", ...args);

describe("crane and archives", needs("crane"), () => {
  for (const format of ["combined", "docker", "legacy"] as ArchiveFormat[]) {
    it(`validates and pushes ${format}`, () =>
      serving(async ({ directory, host, repository }) => {
        const image = await realImage();
        const tar = join(directory, "app.tar");
        await saveArchive(tar, [{ image, names: ["app:v1"] }], { format });
        assert.match(await crane("validate", "--tarball", tar), /^PASS/);
        await crane("push", tar, `${host}/app:v1`);
        assertFacts(await factsOf(await openImage(repository("app"), "v1")), await factsOf(image));
      }));
  }

  it("pulls tarballs that are read", () =>
    serving(async ({ directory, host, repository }) => {
      const image = await realImage();
      await copy(image, repository("app"), { name: "v1" });
      for (const format of ["tarball", "legacy"]) {
        const tar = join(directory, `${format}.tar`);
        await crane("pull", "--format", format, `${host}/app:v1`, tar);
        assertFacts(await loaded(tar, `${host}/app:v1`), await factsOf(image));
      }
    }));

  it("writes the same legacy tarballs, byte for byte", () =>
    serving(async ({ directory, host, repository }) => {
      await copy(await realImage(), repository("app"), { name: "v1" });
      await sameBytes(directory, host, "app:v1");
    }));

  it(
    "writes the same legacy tarballs of real images",
    needsFixtures,
    () =>
      serving(async ({ directory, host }) => {
        for (
          const name of [
            "dive-test-docker-image",
            "dive-test-kaniko-image",
            "jib-busybox-jib",
            "jib-docker-save",
          ]
        ) {
          const there = archive(fixture(`docker-archives/${name}.tar`));
          const tar = join(directory, "from.tar");
          await saveArchive(tar, [{ image: await openImage(there, "@0"), names: ["from:v1"] }]);
          await crane("push", tar, `${host}/${name}:v1`);
          await sameBytes(directory, host, `${name}:v1`);
        }
      }),
  );
});

/** Pulls an image both ways, and compares. */
async function sameBytes(directory: string, host: string, name: string): Promise<void> {
  const { registry } = await import("../../src/registry/mod.ts");
  const [theirs, ours] = [join(directory, "theirs.tar"), join(directory, "ours.tar")];
  await crane("pull", "--format", "legacy", `${host}/${name}`, theirs);
  const [repository, tag] = name.split(":") as [string, string];
  const image = await openImage(registry(`${host}/${repository}`, { insecure: true }), tag);
  await saveArchive(ours, [{ image, names: [`${host}/${name}`] }], { format: "legacy" });
  assert.ok((await readFile(ours)).equals(await readFile(theirs)), name);
}
