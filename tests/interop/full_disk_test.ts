/** A registry on a disk that is full: a small one of its own, which only root can mount. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { randomBytes } from "../../src/testing/content.ts";
import { store } from "../../src/store/mod.ts";
import { start } from "../cli/gantry.ts";
import { digestOf, manifestOf } from "../server/client.ts";
import { ask } from "../server/raw_client.ts";
import { inDirectory } from "../support/directory.ts";
import { portOf } from "../support/serving.ts";

const canMount = process.platform === "linux" && process.getuid?.() === 0 &&
  spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;
const type = "Content-Type: application/vnd.oci.image.manifest.v1+json";

/** Runs with a disk of so many MiB below a directory. */
function onDisk(mebibytes: number, work: (disk: string, directory: string) => Promise<void>): Promise<void> {
  return inDirectory(async (directory) => {
    const disk = join(directory, "disk");
    await mkdir(disk);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", disk]);
    assert.equal(mounted.status, 0, String(mounted.stderr));
    try {
      await work(disk, directory);
    } finally {
      // Bun lets go of a database some time after it was closed.
      assert.equal(spawnSync("umount", ["--lazy", disk]).status, 0);
    }
  });
}

/** Serves the disk while `work` runs; the registry must end well. */
async function serving(directory: string, work: (port: number) => Promise<void>): Promise<void> {
  const { child, ended } = start(["registry", "serve", "--disk", "disk"], { directory });
  const port = await portOf(child);
  try {
    await work(port);
  } finally {
    process.kill(child.pid!, "SIGTERM");
    assert.equal((await ended).code, 0);
  }
}

async function begin(port: number): Promise<string> {
  const { headers, status } = await ask(port, "POST /v2/app/blobs/uploads/");
  assert.equal(status, 202);
  return headers.get("location")!;
}

async function pushBlob(port: number, body: Uint8Array): Promise<void> {
  const { status } = await ask(port, `PUT ${await begin(port)}?digest=${digestOf(body)}`, { body });
  assert.equal(status, 201);
}

/** Takes all room, to the last byte. */
async function fill(disk: string): Promise<string> {
  const path = join(disk, "full");
  const file = await open(path, "w");
  for (let size = 256 * 1024; size >= 1; size = Math.floor(size / 2)) {
    while (await file.write(new Uint8Array(size)).then(() => true, () => false));
  }
  await file.close();
  return path;
}

describe("a registry on a full disk (E23)", { skip: !canMount && "only root can mount a small disk" }, () => {
  it("reads, deletes and ends uploads, takes nothing more, and goes on when there is room", () =>
    onDisk(12, async (disk, directory) => {
      const layer = randomBytes(1_000_000, 3);
      const [image, kept] = [manifestOf("{}", [layer]), manifestOf("{}", ["kept"])];
      const half = randomBytes(2_000_000, 4);
      await serving(directory, async (port) => {
        for (const blob of ["{}", "kept"]) await pushBlob(port, new TextEncoder().encode(blob));
        await pushBlob(port, layer);
        for (const [tag, body] of [["v1", image], ["v2", kept]] as const) {
          const { status } = await ask(port, `PUT /v2/app/manifests/${tag}`, { headers: [type], body });
          assert.equal(status, 201);
        }
        const path = await begin(port);
        assert.equal((await ask(port, `PATCH ${path}`, { body: half })).status, 202);
        const another = await begin(port);

        const full = await fill(disk);
        const more = await ask(port, `PATCH ${another}`, { body: randomBytes(500_000, 5) });
        assert.equal(more.status, 507);
        assert.doesNotMatch(more.body, /disk\//);
        assert.equal((await ask(port, "GET /v2/app/manifests/v1")).body, image);
        const blob = await ask(port, `GET /v2/app/blobs/${digestOf(layer)}`);
        assert.deepEqual([blob.status, blob.body.length], [200, layer.length]);
        assert.equal((await ask(port, "GET /v2/app/tags/list")).status, 200);
        const ended = await ask(port, `PUT ${path}?digest=${digestOf(half)}`);
        assert.equal(ended.status, 201, ended.body);
        const deleted = await ask(port, "DELETE /v2/app/manifests/v1");
        assert.equal(deleted.status, 202, deleted.body);
        assert.equal((await ask(port, `DELETE ${another}`)).status, 204);
        assert.equal((await ask(port, "GET /v2/app/manifests/v1")).status, 404);

        await rm(full);
        await pushBlob(port, randomBytes(500_000, 6));
        const again = await ask(port, "PUT /v2/app/manifests/v3", { headers: [type], body: image });
        assert.equal(again.status, 201, again.body);
      });
      await using there = store(disk);
      assert.deepEqual((await there.fsck()).problems, []);
    }));

  it("is freed by `gantry registry gc`", () =>
    onDisk(8, async (disk, directory) => {
      await serving(directory, async (port) => {
        await pushBlob(port, randomBytes(3_000_000, 7));
        await fill(disk);
        const { code, stdout, stderr } = await start(["registry", "gc", "disk", "--grace", "0"], {
          directory,
        })
          .ended;
        assert.equal(code, 0, stderr);
        assert.match(stdout, /^1 blobs of 3000000 bytes removed$/m);
        await pushBlob(port, randomBytes(1_000_000, 8));
      });
    }));
});
