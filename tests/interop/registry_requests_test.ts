/** How many requests the command takes, by the access log of Docker's registry. */

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import "../../src/codec/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, layer } from "../../src/image/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { start } from "../cli/gantry.ts";
import { type DockerRegistry, needsDockerRegistry, startDockerRegistry } from "./docker_registry.ts";

describe("requests to Docker's registry", needsDockerRegistry, () => {
  let registry: DockerRegistry;
  let directory: string;
  before(async () => {
    registry = await startDockerRegistry({ logs: true });
    directory = await mkdtemp(join(tmpdir(), "gantry-requests-"));
    let image = emptyImage();
    for (const seed of [1, 2, 3]) {
      image = image.append(layer(randomBytes(3 << 20, seed), { compression: "none" }));
    }
    await copy(image, layout(join(directory, "image")), { name: "v1" });
  });
  after(async () => {
    await registry.stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** Runs the command and gives the requests that it made. */
  async function requestsOf(...args: string[]): Promise<string[]> {
    const from = registry.log.length;
    const { code, stderr } = await start(args, { directory }).ended;
    assert.equal(code, 0, stderr);
    // The log comes a moment after the answers.
    for (let before = -1; before < registry.log.length;) {
      before = registry.log.length;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return registry.log.slice(from);
  }

  it("are few for pushing, next to none again, and few for a new tag", async () => {
    const fresh = await requestsOf("copy", "oci:image:v1", `${registry.host}/app:v1`);
    assert.ok(fresh.length > 0 && fresh.length <= 11, fresh.join("\n"));
    const again = await requestsOf("copy", "oci:image:v1", `${registry.host}/app:v1`);
    assert.ok(again.length <= 1, again.join("\n"));
    const tag = await requestsOf("copy", "oci:image:v1", `${registry.host}/app:v2`);
    assert.ok(tag.length <= 6, tag.join("\n"));
    console.log(`requests: fresh ${fresh.length}, again ${again.length}, new tag ${tag.length}`);
  });

  it("are one for a digest, one for a manifest and two for a config", async () => {
    for (const [command, most] of [["digest", 1], ["manifest", 1], ["config", 2]] as const) {
      const requests = await requestsOf(command, `${registry.host}/app:v1`);
      assert.equal(requests.length, most, requests.join("\n"));
    }
  });
});
