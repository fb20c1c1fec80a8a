import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copy, emptyImage, image, Index, layerOf, memory, openPlace, sourcePlace } from "../../mod.ts";
import { fails } from "../../src/testing/errors.ts";
import { inDirectory } from "../support/directory.ts";
import { memoryRegistries, pathsIn, platformImage } from "./support.ts";

describe("copy", () => {
  it("does what stands on its first page", () =>
    inDirectory(async (directory) => {
      const { registry, hosts } = memoryRegistries();
      await mkdir(join(directory, "dist"));
      await writeFile(join(directory, "dist/app"), "#!/bin/sh\n");
      const base = emptyImage().append(
        await layerOf([{ type: "directory", path: "etc/" }, { type: "file", path: "etc/alpine-release" }]),
      );
      await copy(base, "alpine:3.20", { registry });
      assert.deepEqual([...hosts], ["registry-1.docker.io"]);

      const alpine = await image("alpine:3.20", { registry });
      assert.equal((await alpine.config()).architecture, "amd64");
      assert.deepEqual(await pathsIn((await alpine.layers())[0]!), ["etc/", "etc/alpine-release"]);

      const images = `oci:${join(directory, "images")}:alpine`;
      await copy("alpine:3.20", images, { registry });
      assert.equal(await (await image(images)).digest(), await alpine.digest());

      const app = alpine.append(await layerOf(join(directory, "dist"))).configure({ cmd: ["/app"] });
      await copy(app, "localhost:5000/app:v2", { registry });
      const pushed = await image("localhost:5000/app:v2", { registry });
      assert.equal(await pushed.digest(), await app.digest());
      assert.deepEqual((await pushed.config()).config?.Cmd, ["/app"]);
      assert.ok((await pathsIn((await pushed.layers())[1]!)).includes("app"));
    }));

  it("saves images in archives, and loads them with the digest that they had", () =>
    inDirectory(async (directory) => {
      const { registry } = memoryRegistries();
      const built = platformImage("amd64").configure({ cmd: ["/app"] });
      const digest = await built.digest();
      const tar = `docker-archive:${join(directory, "app.tar")}`;
      assert.equal((await copy(built, `${tar}:app:v1`)).descriptor.digest, digest);
      await copy(tar, "localhost:5000/app:v1", { registry });
      await copy("localhost:5000/app:v1", `oci-archive:${join(directory, "oci.tar")}:v1`, { registry });
      await copy(`oci-archive:${join(directory, "oci.tar")}:v1`, `${tar}:quay.io/app:v2`);
      // The name changes in place, the image does not.
      await copy(`${tar}:quay.io/app:v2`, `${tar}:quay.io/app:v3`);
      const { source } = sourcePlace(tar);
      assert.deepEqual(await Array.fromAsync(source.names!()), ["quay.io/app:v3"]);
      assert.equal(await (await image(`${tar}:quay.io/app:v3`)).digest(), digest);
      await assert.rejects(
        image(`${tar}:app:v1`),
        fails("not-found", /no such name, there is quay\.io\/app:v3$/),
      );
      await assert.rejects(copy(built, `${tar}:app@${digest}`), fails("invalid-name", /a tag alone/));
      assert.equal(await (await image(`${tar}:quay.io/app:v3`)).digest(), digest);
    }));

  it("copies an index whole, or one platform of it", () =>
    inDirectory(async (directory) => {
      const { registry } = memoryRegistries();
      const source = memory();
      const manifests = [];
      for (const architecture of ["amd64", "arm64"]) {
        const { descriptor } = await copy(platformImage(architecture), { target: source });
        manifests.push({ ...descriptor, platform: { os: "linux", architecture } });
      }
      const bytes = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, manifests }));
      const mediaType = "application/vnd.oci.image.index.v1+json";
      await source.write(
        { mediaType, replayable: true, open: () => Promise.resolve(new Blob([bytes]).stream()) },
        { role: "manifest", name: "v1" },
      );

      const whole = await copy({ source, name: "v1" }, "localhost:5000/app:v1", { registry });
      assert.equal(whole.descriptor.mediaType, mediaType);
      assert.ok(await openPlace("localhost:5000/app:v1", { registry }) instanceof Index);
      assert.equal(
        (await (await image("localhost:5000/app:v1", { registry })).config()).architecture,
        "amd64",
      );
      const one = await copy("localhost:5000/app:v1", `oci:${directory}`, {
        registry,
        platform: "linux/arm64",
      });
      assert.equal(one.descriptor.digest, manifests[1]!.digest);
      const arm = await image(await openPlace({ source, name: "v1" }), {
        platform: { os: "linux", architecture: "arm64" },
      });
      assert.equal(await arm.digest(), manifests[1]!.digest);
      await assert.rejects(
        copy({ source, name: "v1" }, { target: memory() }, { platform: "linux/s390x" }),
        fails("no-platform", /linux\/s390x/),
      );
    }));

  it("holds a copy to the digest in its destination", async () => {
    const right = await platformImage("amd64").digest();
    const target = memory();
    await copy(platformImage("amd64"), { target, name: right });
    assert.equal((await target.resolve(right)).descriptor.digest, right);
    const wrong = `sha256:${"0".repeat(64)}`;
    const stored = await image({ source: target, name: right });
    const empty = memory();
    await assert.rejects(
      copy(stored, { target: empty, name: wrong }),
      fails("digest-mismatch", /copy to sha256:0+: /),
    );
    for await (const root of empty.roots()) assert.fail(root.digest);
    const oneShot = emptyImage().append(await layerOf(new Blob([new Uint8Array(1024)]).stream()));
    await assert.rejects(
      copy(oneShot, { target: empty, name: wrong }),
      fails("digest-mismatch", /copy to sha256:0+: /),
    );
  });
});
