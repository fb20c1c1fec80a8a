import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copy } from "../../src/copy/mod.ts";
import { memory } from "../../src/content/mod.ts";
import { artifact, openRoot, randomImage, randomIndex } from "../../src/image/mod.ts";
import { registries } from "../../src/registry/mod.ts";
import { server } from "../../src/server/mod.ts";
import { listen } from "../../src/server/node.ts";
import { storageOf } from "../../src/cli/support/serve/storage.ts";
import { start } from "../cli/gantry.ts";
import { digestOf } from "../server/client.ts";
import {
  needsDistribution,
  needsDockerRegistry,
  startDockerRegistry,
  type Version,
} from "./docker_registry.ts";
import { tarOf } from "./server_images.ts";
import { needs, run } from "./server_peers.ts";

const versions: Record<Version, { skip: string | false }> = {
  "docker-registry": needsDockerRegistry,
  distribution: needsDistribution,
};

for (const [version, { skip }] of Object.entries(versions)) {
  describe(`what ${version} has kept`, { skip: skip || needs("crane").skip }, () => {
    it("is pulled from gantry, which took it over", async () => {
      const directory = await mkdtemp(join(tmpdir(), "gantry-import-"));
      try {
        const pushed = await fill(version as Version, directory);
        const args = ["registry", "import", "from", "--disk", "to"];
        for (let i = 0; i < 2; i++) {
          const { code, stdout, stderr } = await start(args, { directory }).ended;
          assert.deepEqual({ code, stderr }, { code: 0, stderr: "" }, stderr);
          assert.match(stdout, /^acme\/app: 1 manifests, 3 blobs, 2 tags$/m);
          assert.match(stdout, /^acme\/all: [5-9] manifests, \d+ blobs, [1-9] tags$/m);
        }
        const end = new AbortController();
        const storage = await storageOf({ disk: join(directory, "to") }, {}, () => {}, end.signal);
        const listening = await listen(server(storage));
        try {
          await compare(new URL(listening.url).host, pushed, directory);
        } finally {
          end.abort();
          await listening.close();
          await storage.close?.();
        }
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    });
  });
}

type Pushed = Record<string, string>;

/** Pushes to a registry what the digests that this gives name, and ends it. */
async function fill(version: Version, directory: string): Promise<Pushed> {
  const registry = await startDockerRegistry({ version, images: join(directory, "from") });
  try {
    const open = registries();
    const app = open(`${registry.host}/acme/app`);
    const image = randomImage({ seed: 1, layers: 2, size: 300_000 });
    await copy(image, app, { name: "v1" });
    await app.tag("v2", (await app.resolve("v1")).descriptor);
    const all = open(`${registry.host}/acme/all`);
    const { descriptor: index } = await copy(randomIndex({ seed: 2, images: 3 }), all, { name: "all" });
    // As its referrers API is not there, this makes a fallback tag too.
    await copy(artifact("application/vnd.example.signature", { subject: index }), all);
    const tar = join(directory, "layer.tar");
    await writeFile(tar, tarOf("file", 1_000_000));
    await run("crane", "append", "-f", tar, "-t", `${registry.host}/crane/deep/app:v1`);
    const digest = digestOf("by sha512", "sha512");
    const begun = await fetch(`http://${registry.host}/v2/acme/long/blobs/uploads/`, { method: "POST" });
    const end = new URL(begun.headers.get("location")!, `http://${registry.host}`);
    end.searchParams.set("digest", digest);
    const ended = await fetch(end, { method: "PUT", body: "by sha512" });
    assert.equal(ended.status, 201, await ended.text());
    return {
      "acme/app:v1": await image.digest(),
      "acme/app:v2": await image.digest(),
      "acme/all:all": index.digest,
      "crane/deep/app:v1": (await run("crane", "digest", `${registry.host}/crane/deep/app:v1`)).trim(),
    };
  } finally {
    await registry.stop();
  }
}

async function compare(host: string, pushed: Pushed, directory: string): Promise<void> {
  for (const [name, digest] of Object.entries(pushed)) {
    const [repository, tag] = name.split(":") as [string, string];
    const from = registries()(`${host}/${repository}`);
    const { descriptor } = await copy(await openRoot(from, tag), memory());
    assert.equal(descriptor.digest, digest, name);
    await run("crane", "pull", "--format=oci", `${host}/${name}`, join(directory, "pulled"));
  }
  const all = registries()(`${host}/acme/all`);
  const referrers = await Array.fromAsync(all.referrers((await all.resolve("all")).descriptor));
  assert.deepEqual(referrers.map(({ artifactType }) => artifactType), ["application/vnd.example.signature"]);
  const blob = await fetch(`http://${host}/v2/acme/long/blobs/${digestOf("by sha512", "sha512")}`);
  assert.equal(await blob.text(), "by sha512");
}
