/** Daemons of others that load archives, each with a directory of its own. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inDirectory } from "./archive_images.ts";
import { run } from "./server_peers.ts";

type Client = (...args: string[]) => Promise<string>;

/** A Docker engine of our own, that touches neither the network nor anybody's images, and its client. */
export async function withDocker(work: (directory: string, docker: Client) => Promise<void>): Promise<void> {
  await inDirectory(async (directory) => {
    const socket = `unix://${join(directory, "d.sock")}`;
    const places = ["data-root", "exec-root", "pidfile"].map((name) => `--${name}=${join(directory, name)}`);
    const alone = ["--storage-driver=vfs", "--bridge=none", "--iptables=false", "--ip6tables=false"];
    const docker: Client = (...args) => run("docker", "-H", socket, ...args);
    const args = ["-H", socket, ...places, ...alone];
    await withDaemon("dockerd", args, docker, 100, () => work(directory, docker));
  });
}

/** A containerd of our own, and its client. */
export async function withContainerd(work: (directory: string, ctr: Client) => Promise<void>): Promise<void> {
  await inDirectory(async (directory) => {
    const socket = join(directory, "c.sock");
    await writeFile(
      join(directory, "config.toml"),
      `version = 2\nroot = "${directory}/root"\nstate = "${directory}/state"\n` +
        `disabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "${socket}"\n`,
    );
    const ctr: Client = (...args) => run("ctr", "-a", socket, ...args);
    const args = ["-c", join(directory, "config.toml")];
    await withDaemon("containerd", args, ctr, 50, () => work(directory, ctr));
  });
}

/** Starts a daemon, works once its client reaches it, and ends it. */
async function withDaemon(
  program: string,
  args: string[],
  client: Client,
  mostTries: number,
  work: () => Promise<void>,
): Promise<void> {
  const daemon = spawn(program, args, { stdio: "ignore" });
  const ended = new Promise((resolve) => daemon.once("close", resolve));
  await once(daemon, "spawn");
  try {
    for (let tries = 0; !await client("version").catch(() => undefined); tries++) {
      assert.ok(tries < mostTries, `${program} does not start`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await work();
  } finally {
    daemon.kill();
    await ended;
  }
}
