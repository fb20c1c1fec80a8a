/**
 * A compressed `docker save`, pushed by the command to Docker's own registry, pulled in each format, and loaded by others.
 * Where a peer or the fixture is missing this fails: nothing else proves as much.
 */

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { digestOf } from "../archive/support.ts";
import { start } from "../cli/gantry.ts";
import { fixture } from "../support/fixtures.ts";
import { withContainerd, withDocker } from "./archive_daemons.ts";
import { inDirectory, loaded } from "./archive_images.ts";
import { type DockerRegistry, startDockerRegistry } from "./docker_registry.ts";
import { run } from "./server_peers.ts";

// The layer is not compressed, so that even archives without a manifest lead back to the same one.
const saved = "sha256:4cb92e906f52a8c76c6caa12097dc28be9ac9045e7c64c17abc1c740710ca071";
const config = "sha256:af341ccd2df8b0e2d67cf8dd32e087bfda4e5756ebd1c76bbf3efa0dc246590e";
const diffID = "sha256:531743b7098cb2aaf615641007a129173f63ed86ca32fe7b5a246a1c47286028";
const skopeo = (...args: string[]) => run("skopeo", "--insecure-policy", ...args);

describe("an archive from registry to loader", () => {
  let registry: DockerRegistry;
  let name: string;
  /** What others read in layouts has OCI's types. */
  let manifest: string;
  before(async () => {
    registry = await startDockerRegistry();
    name = `${registry.host}/alpine:3.10`;
    await inDirectory(async (directory) => {
      const from = fixture("docker-archives/trivy-alpine-310.tar.gz");
      assert.equal(await gantry(directory, "push", from, name), `${registry.host}/alpine@${saved}`);
      manifest = (await gantry(directory, "mutate", name, "--to-oci")).split("@")[1]!;
    });
  });
  after(() => registry.stop());

  async function gantry(directory: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await start(args, { directory }).ended;
    assert.equal(code, 0, stderr);
    return stdout.trim();
  }

  /** The formats: how each is pulled, and what skopeo calls it. */
  const formats = {
    "tarball": { args: () => [name, "image"], place: (path: string) => `docker-archive:${path}` },
    "legacy": {
      args: () => ["--format", "legacy", name, "image"],
      place: (path: string) => `docker-archive:${path}`,
    },
    "oci-archive": {
      args: () => [name, "oci-archive:image:v1"],
      place: (path: string) => `oci-archive:${path}:v1`,
    },
    "oci": { args: () => [name, "oci:image:v1"], place: (path: string) => `oci:${path}:v1` },
  };

  /** Pulls the image, and gives the path. */
  async function pulled(format: keyof typeof formats, directory: string): Promise<string> {
    await gantry(directory, "pull", ...formats[format].args());
    return join(directory, "image");
  }

  for (const format of Object.keys(formats) as (keyof typeof formats)[]) {
    it(`skopeo reads ${format}`, () =>
      inDirectory(async (directory) => {
        const path = await pulled(format, directory);
        const place = formats[format].place(path);
        assert.equal(digestOf(await skopeo("inspect", "--config", "--raw", place)), config);
        await skopeo("copy", place, `dir:${join(directory, "dir")}`);
        const copied = JSON.parse(await readFile(join(directory, "dir/manifest.json"), "utf8"));
        assert.equal(copied.config.digest, config);
        assert.equal(copied.layers.length, 1);
        if (format.startsWith("oci")) {
          assert.equal(digestOf(await readFile(join(directory, "dir/manifest.json"))), manifest);
        }
        if (format === "oci") return;
        const again = await loaded(path);
        // One form has no manifest: what is pushed of it has Docker's types again.
        const digest = format === "legacy" ? saved : manifest;
        assert.deepEqual(again, { config, diffIDs: [diffID], digest });
      }));
  }

  for (const format of ["tarball", "oci-archive", "oci"] as const) {
    it(`umoci unpacks ${format}`, () =>
      inDirectory(async (directory) => {
        const path = await pulled(format, directory);
        const layout = format === "oci" ? path : join(directory, "layout");
        if (layout !== path) {
          await mkdir(layout);
          await run("tar", "-xf", path, "-C", layout);
        }
        const image = `${layout}:${format === "tarball" ? "3.10" : "v1"}`;
        await run("umoci", "raw", "unpack", "--rootless", "--image", image, join(directory, "root"));
        assert.equal(await readFile(join(directory, "root/etc/alpine-release"), "utf8"), "3.10.4\n");
      }));
  }

  it("docker loads tarball and legacy", () =>
    withDocker(async (directory, docker) => {
      for (const format of ["tarball", "legacy"] as const) {
        await docker("load", "-i", await pulled(format, directory));
        const [found] = JSON.parse(await docker("image", "inspect", name));
        assert.deepEqual([found.Id, found.RootFS.Layers], [config, [diffID]]);
        await docker("rmi", "-f", name);
      }
    }));

  it("ctr imports tarball, legacy and oci-archive", () =>
    withContainerd(async (directory, ctr) => {
      for (const format of ["tarball", "legacy", "oci-archive"] as const) {
        const tar = await pulled(format, directory);
        await ctr("images", "import", "--no-unpack", "--base-name", "localhost/alpine", tar);
        const images = (await ctr("images", "ls", "-q")).split("\n");
        assert.equal(images.length, 1, images.join());
        assert.equal(digestOf(await ctr("content", "get", config)), config);
        if (format !== "legacy") assert.equal(digestOf(await ctr("content", "get", manifest)), manifest);
        await ctr("images", "rm", "--sync", images[0]!);
        await assert.rejects(ctr("content", "get", config));
      }
    }));

  it("podman loads tarball and legacy", () =>
    inDirectory(async (directory) => {
      for (const format of ["tarball", "legacy"] as const) {
        const root = ["--root", join(directory, format), "--runroot", join(directory, `${format}-run`)];
        const podman = (...args: string[]) => run("podman", ...root, "--storage-driver", "vfs", ...args);
        await podman("load", "-i", await pulled(format, directory));
        const id = await podman("image", "inspect", "--format", "{{.Id}}", name);
        assert.equal(`sha256:${id}`, config);
      }
    }));
});
