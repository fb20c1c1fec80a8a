/** Daemons of others that load archives, each with a directory of its own. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inDirectory } from "./archive_images.ts";
import { run } from "./server_peers.ts";

/** A Docker engine of our own, that touches neither the network nor anybody's images, and its client. */
export async function withDocker(
  work: (directory: string, docker: (...args: string[]) => Promise<string>) => Promise<void>,
): Promise<void> {
  await inDirectory(async (directory) => {
    const socket = `unix://${join(directory, "d.sock")}`;
    const places = ["data-root", "exec-root", "pidfile"].map((name) => `--${name}=${join(directory, name)}`);
    const alone = ["--storage-driver=vfs", "--bridge=none", "--iptables=false", "--ip6tables=false"];
    const daemon = spawn("dockerd", ["-H", socket, ...places, ...alone], { stdio: "ignore" });
    const ended = new Promise((resolve) => daemon.once("close", resolve));
    await once(daemon, "spawn");
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

/** A containerd of our own, and its client. */
export async function withContainerd(
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
    await once(daemon, "spawn");
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
