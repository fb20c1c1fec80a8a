/** What we edit is what others read: crane validates it, skopeo copies it, umoci unpacks it. */

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  addManifests,
  annotate,
  artifact,
  canonical,
  configure,
  convert,
  copy,
  emptyImage,
  emptyIndex,
  filesLayer,
  type Image,
  type Index,
  label,
  layer,
  mapPlatforms,
  rebase,
  removeLayer,
  retime,
  stripFiles,
} from "../../mod.ts";
import { writeTar } from "../../src/tar/mod.ts";
import { file } from "../image/tars.ts";
import { type DockerRegistry, startDockerRegistry } from "./docker_registry.ts";
import { needs, run } from "./server_peers.ts";

const directory = (path: string) => ({ type: "directory" as const, path });
const base = emptyImage().append(
  layer(() =>
    writeTar([directory("etc/"), file("etc/passwd", "root:x:0:0:root:/:/bin/sh\n"), directory("var/")])
  ),
  { history: { created_by: "base" } },
);
const newBase = emptyImage().append(layer(() => writeTar([directory("etc/"), file("etc/os", "new\n")])), {
  history: { created_by: "new base" },
});
const image = base.append(
  layer(() =>
    writeTar([
      directory("app/"),
      file("app/run", "#!/bin/sh\n", { mode: 0o755, mtime: 1_700_000_000 }),
      { type: "hardlink", path: "app/also", linkname: "app/run" },
      { type: "symlink", path: "app/link", linkname: "run" },
      file("app/cache", "junk"),
    ])
  ),
  { history: { created_by: "app" } },
);

/** Edits, and whether what they make is an OCI image of gzip layers, which is what umoci unpacks. */
const edited: Record<string, [Image | Index, umoci: boolean]> = {
  configure: [
    image.configure({ cmd: ["/app/run"], env: { A: "1" }, volumes: ["/data"], stopSignal: "SIGINT" }),
    true,
  ],
  "annotate and label": [image.edit(annotate({ a: "1" })).edit(label({ b: "2" })), true],
  retime: [image.edit(retime(new Date(0))), true],
  canonical: [image.edit(canonical()), true],
  stripFiles: [image.edit(stripFiles(["app/cache", "app/run"])), true],
  removeLayer: [image.edit(removeLayer(0)), true],
  rebase: [image.edit(rebase(base, newBase, { name: "base:v2" })), true],
  "files in memory": [image.append(filesLayer({ "etc/motd": "hello\n" })), true],
  "to Docker": [image.edit(convert({ format: "docker" })), false],
  "to zstd": [image.edit(convert({ compression: "zstd" })), false],
  "to no compression": [image.edit(convert({ compression: "none" })), false],
  "level 9": [image.edit(convert({ level: 9 })), true],
  mapPlatforms: [
    emptyIndex().edit(addManifests([{ part: image, platform: { os: "linux", architecture: "amd64" } }]))
      .edit(mapPlatforms(configure({ user: "1" }))),
    false,
  ],
};

describe("what we edit", needs("skopeo"), () => {
  let server: DockerRegistry, scratch: string;
  before(async () => {
    server = await startDockerRegistry();
    scratch = await mkdtemp(join(tmpdir(), "gantry-peers-"));
  });
  after(async () => {
    await server?.stop();
    await rm(scratch, { recursive: true, force: true });
  });

  for (const [i, [name, [part, umoci]]] of Object.entries(edited).entries()) {
    it(`with ${name} is read by others`, async () => {
      const at = `${server.host}/edited-${i}:v1`;
      const { descriptor } = await copy(part, at, { registry: { insecure: true } });
      // crane reads no layers but those of gzip.
      if (!/zstd|no compression/.test(name)) {
        assert.equal(await run("crane", "validate", "--remote", at), `PASS: ${at}`);
      }
      const layout = `oci:${join(scratch, `layout-${i}`)}:v1`;
      await run("skopeo", "copy", "--quiet", "--src-tls-verify=false", `docker://${at}`, layout);
      const back = `${server.host}/back-${i}:v1`;
      await copy(at, back, { registry: { insecure: true } });
      assert.equal(await run("crane", "digest", back), descriptor.digest);
      if (!umoci) return;
      const unpack = [
        "unpack",
        "--rootless",
        "--image",
        join(scratch, `layout-${i}:v1`),
        join(scratch, `bundle-${i}`),
      ];
      await run("umoci", ...unpack);
    });
  }

  it("an artifact is fetched by oras", needs("oras"), async () => {
    const at = `${server.host}/artifact:v1`;
    const text = layer(new TextEncoder().encode("note"), { compression: "none", mediaType: "text/plain" });
    const annotations = { "org.opencontainers.image.title": "note.txt" };
    await copy(artifact("application/vnd.example", { layers: [{ layer: text, annotations }] }), at, {
      registry: { insecure: true },
    });
    await run("oras", "pull", "--plain-http", "-o", join(scratch, "pulled"), at);
    assert.match(
      await run("oras", "manifest", "fetch", "--plain-http", at),
      /"artifactType":"application\/vnd\.example"/,
    );
  });
});
