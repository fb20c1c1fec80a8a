import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../server/client.ts";
import { freePort } from "../support/free_port.ts";
import { pushRealImage } from "./server_images.ts";
import { needs, serving } from "./server_peers.ts";

/** Waits until something answers there. */
async function answering(url: string, tries = 100): Promise<void> {
  for (let i = 0;; i++) {
    try {
      await (await fetch(url)).body?.cancel();
      return;
    } catch (error) {
      if (i === tries) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

describe("docker-registry and the server", needs("docker-registry"), () => {
  it("mirror an image", () =>
    serving(async ({ handler, host, directory }) => {
      const { manifest, layer } = await pushRealImage(handler, "library/app", "v1", 300_000);
      const port = await freePort();
      const config = join(directory, "config.yml");
      const root = join(directory, "mirror");
      await writeFile(
        config,
        JSON.stringify({
          version: 0.1,
          log: { level: "error" },
          storage: { filesystem: { rootdirectory: root } },
          http: { addr: `127.0.0.1:${port}` },
          proxy: { remoteurl: `http://${host}` },
        }),
      );
      const mirror = spawn("docker-registry", ["serve", config], { stdio: "ignore" });
      const ended = new Promise((resolve) => mirror.once("close", resolve));
      try {
        const url = `http://127.0.0.1:${port}/v2/library/app`;
        await answering(`http://127.0.0.1:${port}/v2/`);
        const accept = "application/vnd.oci.image.manifest.v1+json";
        const response = await fetch(`${url}/manifests/v1`, { headers: { accept } });
        assert.equal(await response.text(), manifest);
        const blob = await fetch(`${url}/blobs/${layer}`);
        assert.equal(blob.status, 200);
        assert.equal(digestOf(new Uint8Array(await blob.arrayBuffer())), layer);
      } finally {
        mirror.kill();
        await ended;
      }
    }));
});
