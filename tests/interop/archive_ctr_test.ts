import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type ArchiveFormat, saveArchive } from "../../src/archive/mod.ts";
import { digestOf } from "../archive/support.ts";
import { assertFacts, factsOf, inDirectory, loaded, realImage } from "./archive_images.ts";
import { needs, run } from "./server_peers.ts";

/** A containerd of our own, and its client. */
async function withContainerd(
  work: (directory: string, ctr: (...args: string[]) => Promise<string>) => Promise<void>,
): Promise<void> {
  await inDirectory(async (directory) => {
    const socket = join(directory, "c.sock");
    await writeFile(
      join(directory, "config.toml"),
      `version = 2\nroot = "${directory}/root"\nstate = "${directory}/state"\n` +
        `disabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "${socket}"\n`,
    );
    const daemon = spawn("containerd", ["-c", join(directory, "config.toml")], { stdio: "ignore" });
    const ended = new Promise((resolve) => daemon.once("close", resolve));
    const ctr = (...args: string[]) => run("ctr", "-a", socket, ...args);
    try {
      for (let tries = 0; !await ctr("version").catch(() => undefined); tries++) {
        assert.ok(tries < 50, "containerd does not start");
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      await work(directory, ctr);
    } finally {
      daemon.kill();
      await ended;
    }
  });
}

describe("ctr and archives", needs("containerd"), () => {
  it("imports what was saved, and exports what is read", () =>
    withContainerd(async (directory, ctr) => {
      for (const format of ["combined", "oci", "docker", "legacy"] as ArchiveFormat[]) {
        const image = await realImage(format);
        const facts = await factsOf(image);
        const name = `docker.io/library/${format}:v1`;
        const [tar, out] = [join(directory, `${format}.tar`), join(directory, `${format}-out.tar`)];
        await saveArchive(tar, [{ image, names: [`${format}:v1`] }], { format });
        await ctr("images", "import", "--no-unpack", tar);
        assert.ok((await ctr("images", "ls", "-q")).split("\n").includes(name), format);
        assert.equal(digestOf(await ctr("content", "get", facts.config)), facts.config);
        for (const digest of format === "legacy" ? facts.diffIDs : []) await ctr("content", "get", digest);
        await ctr("images", "export", out, name);
        const found = await loaded(out, name);
        assertFacts(found, facts);
        if (format === "combined" || format === "oci") assert.equal(found.digest, await image.digest());
      }
    }));
});
