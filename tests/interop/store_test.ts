import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { archive, saveArchive } from "../../src/archive/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, layer, openRoot } from "../../src/image/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import { formatJson } from "../../src/spec/json.ts";
import { type Descriptor, mediaTypes } from "../../src/spec/mod.ts";
import { type Store, store } from "../../src/store/mod.ts";
import { writeTar } from "../../src/tar/mod.ts";
import { putIndex } from "../layout/support.ts";
import { withContainerd } from "./archive_daemons.ts";
import { inDirectory } from "./archive_images.ts";
import { needs, run } from "./server_peers.ts";

/** An image of one file. */
function imageFor(architecture: string) {
  const bytes = new TextEncoder().encode(`for ${architecture}`);
  const tar = () =>
    writeTar([{ type: "file", path: "file", size: bytes.length, readable: new Blob([bytes]).stream() }]);
  const compressed = layer(tar, { compression: "gzip", engine: "node:zlib" });
  return emptyImage({ os: "linux", architecture }).append(compressed).configure({ cmd: ["/file"] });
}

/** A store with an index of two images, and its descriptor. */
async function fill(there: Store): Promise<Descriptor> {
  const repository = there.repository("docker.io/library/app");
  const manifests: Descriptor[] = [];
  for (const architecture of ["amd64", "arm64"]) {
    const { descriptor } = await copy(imageFor(architecture), repository);
    manifests.push({ ...descriptor, platform: { os: "linux", architecture } });
  }
  return await putIndex(repository, manifests, { name: "v1" });
}

describe("ctr and the store", needs("containerd"), () => {
  it("import what the other has exported", () =>
    withContainerd(async (directory, ctr) => {
      const there = store(join(directory, "store"));
      const index = await fill(there);
      const name = "docker.io/library/app:v1";
      const [out, back] = [join(directory, "out.tar"), join(directory, "back.tar")];
      await saveArchive(out, [{ image: await there.open(name), names: [name] }]);
      await ctr("images", "import", "--no-unpack", "--all-platforms", out);
      const listed = (await ctr("images", "ls")).split("\n").find((line) => line.startsWith(name));
      assert.ok(listed?.includes(index.digest), listed);
      assert.match(await ctr("images", "check", `name==${name}`), /complete/);
      await ctr("images", "label", name, "env=prod");
      await ctr("images", "tag", name, "ghcr.io/acme/app:v2");
      await ctr("images", "export", "--all-platforms", back, name, "ghcr.io/acme/app:v2");
      const other = store(join(directory, "other"));
      const imported = await other.import(archive(back));
      assert.deepEqual(imported.map((image) => image.name).sort(), [name, "ghcr.io/acme/app:v2"]);
      for (const image of imported) {
        assert.equal(image.target.digest, index.digest);
        assert.ok((await other.check(image.name)).complete);
      }
      assert.deepEqual((await other.fsck()).problems, []);
      // Its labels of what refers to what are ours.
      const theirs = (await ctr("content", "ls")).split("\n").find((line) => line.startsWith(index.digest));
      const { labels } = await other.content.info(index.digest);
      for (const [key, value] of Object.entries(labels)) {
        assert.ok(theirs?.includes(`${key}=${value}`), `${key}=${value} in ${theirs}`);
      }
      await there.close();
      await other.close();
    }));
});

describe("skopeo, umoci and the blobs of a store", needs("skopeo"), () => {
  /** A layout whose blobs are the store's. */
  async function layoutOf(directory: string, there: Store): Promise<string> {
    const path = join(directory, "layout");
    await mkdir(path);
    await symlink(join(there.directory, "blobs"), join(path, "blobs"));
    await writeFile(join(path, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    const manifests: Descriptor[] = [];
    for await (const root of there.repository("docker.io/library/app").roots()) manifests.push(root);
    const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
    await writeFile(join(path, "index.json"), formatJson(index));
    return path;
  }

  it("read them where they are", () =>
    inDirectory(async (directory) => {
      const there = store(join(directory, "store"));
      const index = await fill(there);
      const at = await layoutOf(directory, there);
      const raw = await run("skopeo", "inspect", "--raw", `oci:${at}:v1`);
      assert.equal(JSON.parse(raw).manifests.length, 2);
      await run("skopeo", "copy", "--all", `oci:${at}:v1`, `oci:${join(directory, "copied")}:v1`);
      assert.equal((await layout(join(directory, "copied")).resolve("v1")).descriptor.digest, index.digest);
      await run("umoci", "ls", "--layout", at);
      const { descriptor } = await copy(imageFor("amd64"), there.repository("docker.io/library/one"), {
        name: "v1",
      });
      await writeFile(
        join(at, "index.json"),
        formatJson({
          schemaVersion: 2,
          manifests: [{ ...descriptor, annotations: { "org.opencontainers.image.ref.name": "one" } }],
        }),
      );
      await run("umoci", "unpack", "--rootless", "--image", `${at}:one`, join(directory, "bundle"));
      await there.close();
    }));

  it("and those that they have written are imported", () =>
    inDirectory(async (directory) => {
      const there = store(join(directory, "store"));
      const source = layout(join(directory, "source"));
      await copy(imageFor("amd64"), source, { name: "docker.io/library/app:v1" });
      const path = join(directory, "skopeo");
      await run(
        "skopeo",
        "copy",
        `oci:${source.directory}:docker.io/library/app:v1`,
        `oci:${path}:docker.io/acme/app:v2`,
      );
      const [image] = await there.import(layout(path));
      assert.equal(image?.name, "docker.io/acme/app:v2");
      assert.ok((await there.check(image!.name)).complete);
      const made = join(directory, "umoci");
      await run("umoci", "init", "--layout", made);
      await run("umoci", "new", "--image", `${made}:v3`);
      const [other] = await there.import(layout(made), { base: "acme/made" });
      assert.equal(other?.name, "docker.io/acme/made:v3");
      await openRoot(there.repository("docker.io/acme/made"), "v3");
      assert.deepEqual((await there.fsck()).problems, []);
      await there.close();
    }));
});
