import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type Memory, memory } from "../../src/content/mod.ts";
import { copy as copyPart } from "../../src/copy/mod.ts";
import { copy, image } from "../../src/places/mod.ts";
import { withDocker } from "./archive_daemons.ts";
import { factsOf, inDirectory, realImage } from "./archive_images.ts";
import { needs, run } from "./server_peers.ts";

/** A real image in memory, `v1`. */
async function store(): Promise<Memory> {
  const images = memory();
  await copyPart(await realImage("combined"), images, { name: "v1" });
  return images;
}

/** There and back: the config and the layers stay the same. */
async function requireRoundTrip(host: string, name: string): Promise<void> {
  const options = { daemon: { host } };
  const from = { target: await store(), name: "v1" };
  const facts = await factsOf(await image(from));
  await copy(from, `daemon:${name}`, options);
  await copy(from, `daemon:${name}-again`, options);
  for (const found of [name, `${name}-again`]) {
    const to = memory();
    await copy(`daemon:${found}`, { target: to, name: "back" }, options);
    const back = await factsOf(await image({ target: to, name: "back" }));
    assert.deepEqual([back.config, back.diffIDs], [facts.config, facts.diffIDs]);
  }
}

describe("the Docker engine as a place", needs("dockerd"), () => {
  it("takes images and gives them back", () =>
    withDocker(async (directory, docker) => {
      await requireRoundTrip(`unix://${join(directory, "d.sock")}`, "acme/app:v1");
      const names = await docker("images", "--format", "{{.Repository}}:{{.Tag}}");
      assert.deepEqual(names.trim().split("\n").sort(), ["acme/app:v1", "acme/app:v1-again"]);
    }));
});

describe("podman's service as a place", needs("podman"), () => {
  it("takes images and gives them back", () =>
    inDirectory(async (directory) => {
      const socket = join(directory, "p.sock");
      const alone = [
        "--root",
        join(directory, "root"),
        "--runroot",
        join(directory, "run"),
        "--storage-driver=vfs",
      ];
      const service = spawn("podman", [...alone, "system", "service", "--time=0", `unix://${socket}`], {
        stdio: "ignore",
      });
      try {
        while (!existsSync(socket) && service.exitCode === null) await new Promise((r) => setTimeout(r, 50));
        await requireRoundTrip(`unix://${socket}`, "localhost/acme/app:v1");
        const names = await run("podman", ...alone, "images", "--format", "{{.Repository}}:{{.Tag}}");
        assert.match(names, /^localhost\/acme\/app:v1$/m);
      } finally {
        service.kill();
      }
    }));
});
