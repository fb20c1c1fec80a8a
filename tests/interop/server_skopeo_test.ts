import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { join } from "node:path";
import { digestOf, send } from "../server/client.ts";
import { pushRealImage, pushRealIndex } from "./server_images.ts";
import { needs, type Place, run, serving as servingFrom, storages } from "./server_peers.ts";

const skopeo = (...args: string[]) => run("skopeo", "--insecure-policy", ...args);
const copy = (...args: string[]) =>
  skopeo("copy", "--src-tls-verify=false", "--dest-tls-verify=false", ...args);

for (const storage of Object.keys(storages) as (keyof typeof storages)[]) {
  const serving = (work: (place: Place) => Promise<void>) => servingFrom(work, storage);

  describe(`skopeo and the server over ${storage}`, needs("skopeo"), () => {
    it("pull into a layout and push it back", () =>
      serving(async ({ handler, host, directory, repository }) => {
        const { manifest } = await pushRealImage(handler, "some/app", "v1", 5 * 1024 * 1024);
        const layout = `oci:${join(directory, "layout")}:v1`;
        await copy(`docker://${host}/some/app:v1`, layout);
        await copy(layout, `docker://${host}/other/app:v2`);
        const { descriptor } = await repository("other/app").resolve("v2");
        assert.equal(descriptor.digest, digestOf(manifest));
        await copy(`docker://${host}/other/app@${descriptor.digest}`, `dir:${join(directory, "dir")}`);
      }));

    it("convert to Docker's schema 2", () =>
      serving(async ({ handler, host }) => {
        await pushRealImage(handler, "app", "oci");
        await copy("--format=v2s2", `docker://${host}/app:oci`, `docker://${host}/app:docker`);
        const response = await send(handler, "HEAD", "/v2/app/manifests/docker");
        assert.equal(
          response.headers.get("content-type"),
          "application/vnd.docker.distribution.manifest.v2+json",
        );
      }));

    it("copy an index whole", () =>
      serving(async ({ handler, host }) => {
        const index = await pushRealIndex(handler, "from", "v1");
        await copy("--all", `docker://${host}/from:v1`, `docker://${host}/to:v1`);
        assert.equal(await (await send(handler, "GET", "/v2/to/manifests/v1")).text(), index);
      }));

    it("inspect, list and delete", () =>
      serving(async ({ handler, host }) => {
        const { manifest, layer } = await pushRealImage(handler, "app", "v1");
        await pushRealImage(handler, "app", "v2");
        const inspected = JSON.parse(
          await skopeo("inspect", "--tls-verify=false", `docker://${host}/app:v1`),
        );
        assert.equal(inspected.Digest, digestOf(manifest));
        assert.deepEqual(inspected.Layers, [layer]);
        assert.deepEqual(inspected.RepoTags, ["v1", "v2"]);
        await skopeo("delete", "--tls-verify=false", `docker://${host}/app:v1`);
        const listed = JSON.parse(await skopeo("list-tags", "--tls-verify=false", `docker://${host}/app`));
        assert.deepEqual(listed.Tags, ["v2"]);
      }));
  });
}
