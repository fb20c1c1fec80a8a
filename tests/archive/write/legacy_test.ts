import { json, plain, put, written } from "./support.ts";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { writeArchive } from "../../../src/archive/mod.ts";
import { memory } from "../../../src/content/mod.ts";
import { emptyImage, layer, openImage } from "../../../src/image/mod.ts";
import { mediaTypes } from "../../../src/spec/mod.ts";
import { configFor, digestOf, fails, filesIn, gzipped, layerTar } from "../support.ts";

describe("a legacy archive", () => {
  it("G11: has a directory with json and VERSION for each layer, in a chain of parents", async () => {
    const tars = await Promise.all(["a", "b"].map(layerTar));
    const config = configFor(tars, {
      created: "2024-01-02T03:04:05.120000Z",
      config: { Cmd: ["<sh>"], Labels: { b: "1", a: "2" } },
      history: [{ created_by: "a & b" }, { empty_layer: true }, {
        created: "2024-01-01T00:00:00Z",
        comment: "c",
      }],
    });
    const target = memory();
    await put(
      target,
      tars.map((tar) => ({ bytes: gzipped(tar), mediaType: mediaTypes.ociLayerGzip })),
      config,
    );
    const files = await written(await openImage(target, "v1"), ["localhost:5000/app:v1", "app:v0"], "legacy");
    const [{ Config, RepoTags, Layers }] = json(files, "manifest.json");
    assert.deepEqual(RepoTags, ["app:v0", "localhost:5000/app:v1"]);
    assert.equal(Config, `${digestOf(config).slice(7)}.json`);
    const ids = Layers.map((path: string) => path.replace("/layer.tar", ""));
    const names = ids.flatMap((id: string) => [`${id}/layer.tar`, `${id}/json`, `${id}/VERSION`]);
    assert.deepEqual([...files.keys()], [Config, ...names, "manifest.json", "repositories"]);
    const below = digestOf(`${digestOf(gzipped(tars[0]!)).slice(7)} `).slice(7);
    assert.deepEqual(ids, [
      below,
      digestOf(`${digestOf(gzipped(tars[1]!)).slice(7)} ${below} ${config}`).slice(7),
    ]);
    for (const [i, id] of ids.entries()) {
      assert.equal(files.get(`${id}/VERSION`), "1.0");
      assert.equal(digestOf(Buffer.from(files.get(`${id}/layer.tar`)!, "latin1")), digestOf(tars[i]!));
    }
    assert.equal(
      files.get(`${ids[0]}/json`),
      '{"architecture":"","created":"0001-01-01T00:00:00Z","os":"","rootfs":{"type":"","diff_ids":null},"config":{},' +
        `"container_config":{"Cmd":["a \\u0026 b"]},"id":"${ids[0]}"}`,
    );
    assert.equal(
      files.get(`${ids[1]}/json`),
      '{"architecture":"amd64","created":"2024-01-02T03:04:05.12Z","os":"linux","rootfs":{"type":"","diff_ids":null},' +
        '"config":{"Cmd":["\\u003csh\\u003e"],"Labels":{"a":"2","b":"1"}},"container_config":{"Cmd":[""]},' +
        `"id":"${ids[1]}","parent":"${ids[0]}","comment":"c"}`,
    );
    assert.equal(
      files.get("repositories"),
      `{"app":{"v0":"${ids[1]}"},"localhost:5000/app":{"v1":"${ids[1]}"}}`,
    );
  });

  it("has images in the order of their configs, and shared layers once", async () => {
    const base = emptyImage().append(layer(await layerTar("base"), plain));
    const images = await Promise.all(
      ["a", "b", "c"].map(async (text) => base.append(layer(await layerTar(text), plain))),
    );
    const files = await filesIn(
      writeArchive(images.map((image, i) => ({ image, names: [`app:${i}`] })), { format: "legacy" }),
    );
    const configs = json(files, "manifest.json").map(({ Config }: { Config: string }) => Config);
    assert.deepEqual(configs, [...configs].sort());
    assert.equal([...files.keys()].filter((path) => path.endsWith("/layer.tar")).length, 4);
  });

  it("has no place for an image without layers, or with another history", async () => {
    await assert.rejects(written(emptyImage(), [], "legacy"), fails("unsupported", /has no layers/));
    const target = memory();
    const tar = await layerTar("a");
    await put(
      target,
      [{ bytes: tar, mediaType: mediaTypes.ociLayer }],
      configFor([tar], { history: [{}, {}] }),
    );
    await assert.rejects(
      written(await openImage(target, "v1"), [], "legacy"),
      fails("unsupported", /has 1 layers, and a history of 2/),
    );
  });
});
