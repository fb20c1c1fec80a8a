import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../../src/bytes.ts";
import { annotate, canonical, emptyImage, type Image, retime, validate } from "../../../src/image/mod.ts";
import { mediaTypes } from "../../../src/spec/mod.ts";
import { digestsOf, file, layerWith } from "../tars.ts";

const instant = new Date("2020-01-01T00:00:00Z");
const seconds = instant.getTime() / 1000;

function image(mtime: number): Image {
  const access = new Map([["atime", utf8("5")], ["LIBARCHIVE.creationtime", utf8("7")]]);
  const items = () => [
    file("a", "a", { mtime, pax: access }),
    file("b", "b", { mtime: 1, nanoseconds: 5 }),
    { type: "symlink" as const, path: "c", linkname: "a", options: { mtime } },
  ];
  return emptyImage({ os: "linux", architecture: "arm64", variant: "v8" })
    .append(layerWith(items), { history: { created: "2019-01-01T00:00:00Z", created_by: "x" } })
    .append(layerWith(() => [file("d", "d", { mtime: seconds })]), { history: { author: "me" } })
    .configure({ created: "2021-06-01T00:00:00Z", author: "me" });
}

async function timesIn(image: Image): Promise<[string, number, number][]> {
  const times: [string, number, number][] = [];
  for (const layer of await image.layers()) {
    for await (const { path, mtime, atime } of layer.entries()) {
      times.push([path, mtime.seconds, atime?.seconds ?? 0]);
    }
  }
  return times;
}

describe("retime", () => {
  it("sets the times of config, history and files, and no other field", async () => {
    const before = image(seconds + 10);
    const edited = before.edit(retime(instant));
    assert.deepEqual(await timesIn(edited), ["a", "b", "c", "d"].map((path) => [path, seconds, 0]));
    const { created, author, variant, history } = await edited.config();
    assert.deepEqual([created, author, variant], ["2020-01-01T00:00:00Z", "me", "v8"]);
    assert.deepEqual(history, [
      { created: "2020-01-01T00:00:00Z", created_by: "x" },
      { created: "2020-01-01T00:00:00Z", author: "me" },
    ]);
    assert.deepEqual(await validate(edited), []);
    // The layer whose times were right is where it was.
    assert.equal((await digestsOf(edited))[1], (await digestsOf(before))[1]);
    assert.notEqual((await digestsOf(edited))[0], (await digestsOf(before))[0]);
    assert.equal(await edited.edit(retime(instant)).digest(), await edited.digest());
  });

  it("leaves what is not later when it is to clamp", async () => {
    const edited = image(seconds + 10).edit(retime(instant, { clamp: true }));
    assert.deepEqual(await timesIn(edited), [["a", seconds, 0], ["b", 1, 0], ["c", seconds, 0], [
      "d",
      seconds,
      0,
    ]]);
    assert.deepEqual((await edited.config()).history?.[0], {
      created: "2019-01-01T00:00:00Z",
      created_by: "x",
    });
    assert.equal((await edited.config()).created, "2020-01-01T00:00:00Z");
    const old = image(seconds - 10);
    assert.deepEqual(await digestsOf(old.edit(retime(instant, { clamp: true }))), await digestsOf(old));
  });

  it("sets the annotation that tells the time, where there is one, and only chosen layers", async () => {
    const noted = image(3).edit(annotate({ "org.opencontainers.image.created": "2001-01-01T00:00:00Z" }));
    const edited = noted.edit(retime(instant, { layers: (index) => index === 1 }));
    assert.deepEqual((await edited.manifest()).annotations, {
      "org.opencontainers.image.created": "2020-01-01T00:00:00Z",
    });
    assert.deepEqual(await digestsOf(edited), await digestsOf(noted));
  });

  it("keeps the compression and the annotations of layers, but for those of their bytes", async () => {
    const layer = layerWith(() => [file("a", "a", { mtime: 9 })], { compression: "zstd" });
    const annotations = { kept: "yes", "containerd.io/snapshot/stargz/toc.digest": "sha256:0" };
    const edited = emptyImage().append(layer, { annotations }).edit(retime(instant));
    const [descriptor] = (await edited.manifest()).layers;
    assert.equal(descriptor?.mediaType, mediaTypes.ociLayerZstd);
    assert.deepEqual(descriptor?.annotations, { kept: "yes" });
  });
});

describe("canonical", () => {
  it("makes the same image of what was built at other times", async () => {
    const [one, other] = [image(100), image(200).configure({ created: "1999-01-01T00:00:00Z" })];
    assert.notEqual(await one.digest(), await other.digest());
    const named = other.edit({
      config: (config) =>
        void Object.assign(config, { container: "c", docker_version: "1", config: { Hostname: "h" } }),
    });
    const expected = one.edit({ config: (config) => void (config.config = {}) });
    assert.equal(await named.edit(canonical()).digest(), await expected.edit(canonical()).digest());
  });
});
