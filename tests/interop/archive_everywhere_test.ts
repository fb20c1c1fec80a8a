/** A compressed `docker save`, pushed by the command to Docker's own registry, pulled in each format, and loaded by others. */

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { digestOf } from "../archive/support.ts";
import { start } from "../cli/gantry.ts";
import { fixture, haveFixtures } from "../fixtures.ts";
import { inDirectory, loaded } from "./archive_images.ts";
import { needsDockerRegistry, startDockerRegistry } from "./docker_registry.ts";
import { needs, run } from "./server_peers.ts";

const config = "sha256:af341ccd2df8b0e2d67cf8dd32e087bfda4e5756ebd1c76bbf3efa0dc246590e";
const diffID = "sha256:531743b7098cb2aaf615641007a129173f63ed86ca32fe7b5a246a1c47286028";

const skip = needsDockerRegistry.skip || needs("skopeo").skip || needs("umoci").skip ||
  needs("podman").skip ||
  (!haveFixtures && "the shared fixtures are not beside this checkout");

describe("an archive from registry to loader", { skip }, () => {
  it("is the same image everywhere", () =>
    inDirectory(async (directory) => {
      const registry = await startDockerRegistry();
      const gantry = async (...args: string[]) => {
        const { code, stdout, stderr } = await start(args, { directory }).ended;
        assert.equal(code, 0, stderr);
        return stdout.trim();
      };
      const name = `${registry.host}/alpine:3.10`;
      const file = (name: string) => join(directory, name);
      try {
        const pushed = await gantry("push", fixture("docker-archives/trivy-alpine-310.tar.gz"), name);
        const digest = pushed.slice(pushed.indexOf("@") + 1);
        await gantry("pull", name, "tarball.tar");
        await gantry("pull", "--format", "legacy", name, "legacy.tar");
        await gantry("pull", "--format", "oci", "--annotate-ref", name, "layout");
        await gantry("pull", name, "oci-archive:oci.tar:v1");
        for (const format of ["tarball", "oci", "legacy"]) {
          const found = await loaded(file(`${format}.tar`));
          assert.deepEqual([found.config, found.diffIDs], [config, [diffID]]);
          if (format !== "legacy") assert.equal(found.digest, digest);
        }

        const skopeo = (...args: string[]) => run("skopeo", "--insecure-policy", ...args);
        const places = [
          `docker-archive:${file("tarball.tar")}`,
          `docker-archive:${file("legacy.tar")}`,
          `oci-archive:${file("oci.tar")}:v1`,
        ];
        for (const [i, place] of places.entries()) {
          assert.equal(digestOf(await skopeo("inspect", "--config", "--raw", place)), config);
          await skopeo("copy", place, `oci:${file(`copy-${i}`)}:v1`);
        }
        await mkdir(file("unpacked"));
        await run("tar", "-xf", file("tarball.tar"), "-C", file("unpacked"));
        await run(
          "umoci",
          "raw",
          "unpack",
          "--rootless",
          "--image",
          `${file("unpacked")}:3.10`,
          file("root"),
        );
        assert.equal(await readFile(file("root/etc/alpine-release"), "utf8"), "3.10.4\n");
        for (const format of ["tarball", "legacy"]) {
          const store = [
            "--root",
            file(`${format}-root`),
            "--runroot",
            file(`${format}-run`),
            "--storage-driver",
            "vfs",
          ];
          await run("podman", ...store, "load", "-i", file(`${format}.tar`));
          assert.equal(
            `sha256:${await run("podman", ...store, "image", "inspect", "--format", "{{.Id}}", name)}`,
            config,
          );
        }
      } finally {
        await registry.stop();
      }
    }));
});
