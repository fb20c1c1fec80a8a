import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type ArchiveFormat, saveArchive } from "../../src/archive/mod.ts";
import { assertFacts, factsOf, inDirectory, loaded, realImage } from "./archive_images.ts";
import { needs, run } from "./server_peers.ts";

/** A Docker engine of our own, that touches neither the network nor anybody's images, and its client. */
async function withDocker(
  work: (directory: string, docker: (...args: string[]) => Promise<string>) => Promise<void>,
): Promise<void> {
  await inDirectory(async (directory) => {
    const socket = `unix://${join(directory, "d.sock")}`;
    const places = ["data-root", "exec-root", "pidfile"].map((name) => `--${name}=${join(directory, name)}`);
    const alone = ["--storage-driver=vfs", "--bridge=none", "--iptables=false", "--ip6tables=false"];
    const daemon = spawn("dockerd", ["-H", socket, ...places, ...alone], { stdio: "ignore" });
    const ended = new Promise((resolve) => daemon.once("close", resolve));
    const docker = (...args: string[]) => run("docker", "-H", socket, ...args);
    try {
      for (let tries = 0; !await docker("version").catch(() => undefined); tries++) {
        assert.ok(tries < 100, "dockerd does not start");
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      await work(directory, docker);
    } finally {
      daemon.kill();
      await ended;
    }
  });
}

describe("Docker and archives", needs("dockerd"), () => {
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
