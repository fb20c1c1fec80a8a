import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, filesLayer, type Image } from "../../src/image/mod.ts";
import { type UnpackedImages, unpackedImages } from "../../src/images/mod.ts";
import { place } from "../../src/places/place.ts";
import { runsOn } from "../../src/spec/platform_match.ts";
import { type Store, store } from "../../src/store/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { withRegistry, writeIndex } from "../cli/gantry.ts";
import { inDirectory } from "../support/directory.ts";
import { startScript } from "../support/spawn.ts";

const app = imageWith("hello");
const other = imageWith("another");

function imageWith(text: string): Image {
  const layers = ["etc/motd", "bin/app"].map((path) => filesLayer({ [path]: text }, { compression: "none" }));
  return layers.reduce((image, layer) => image.append(layer), emptyImage());
}

async function idOf(image: Image): Promise<string> {
  return (await image.configName()).slice("sha256:".length, "sha256:".length + 12);
}

/** What a process that was killed while it unpacked has left. */
function leftBehind(directory: string, id: string): string {
  const left = join(directory, "images", `${id}.incomplete`);
  mkdirSync(join(left, "content"), { recursive: true });
  writeFileSync(join(left, "content/0"), "half");
  writeFileSync(join(left, "lock.1"), JSON.stringify({ pid: 2 ** 30, machine: "gone", started: null }));
  const old = new Date(Date.now() - 3_600_000);
  utimesSync(join(left, "lock.1"), old, old);
  return left;
}

interface Fixture {
  directory: string;
  there: Store;
  images: UnpackedImages;
  source: ReturnType<typeof memory>;
}

/** A store, and a source with images `v1`, `v2`, of which the first has two names, and `amd64` and `arm64`. */
async function withImages(work: (fixture: Fixture) => Promise<void>): Promise<void> {
  await inDirectory(async (outer) => {
    const directory = join(outer, "engine");
    const source = memory();
    for (const [name, image] of Object.entries({ v1: app, same: app, v2: other })) {
      await copy(image, source, { name });
    }
    await writeIndex(source, "index");
    await using there = store(directory);
    await work({ directory, there, images: unpackedImages(there), source });
  });
}

const registered = (directory: string): unknown =>
  JSON.parse(readFileSync(join(directory, "images.json"), "utf8"));

describe("unpackedImages", () => {
  it("keeps manifest, config and layers under the ID, and names in images.json", () =>
    withImages(async ({ directory, images, source }) => {
      const id = await idOf(app);
      const pulled = await images.pull(source, "localhost/app:v1");
      assert.deepEqual(
        [pulled.id, pulled.name, pulled.directory],
        [id, "localhost/app:v1", join(directory, "images", id)],
      );
      const there = (path: string) => readFileSync(join(pulled.directory, path), "utf8");
      assert.deepEqual(readdirSync(join(directory, "images")).filter((name) => !name.endsWith(".json")), [
        id,
      ]);
      assert.equal(there("manifest.json"), new TextDecoder().decode(await app.rawManifest()));
      assert.equal(there("config.json"), new TextDecoder().decode(await app.rawConfigFile()));
      assert.deepEqual(JSON.parse(there("layers.json")), pulled.layers);
      assert.match(pulled.layers[0]!.path, /^[0-9a-f]{64}\/fs$/);
      assert.equal(there(`${pulled.layers[0]!.path}/etc/motd`), "hello");
      assert.equal(there(`${pulled.layers[1]!.path}/bin/app`), "hello");
      await images.pull(source, "localhost/app:same");
      await images.pull(source, `localhost/app@${await other.digest()}`);
      assert.deepEqual(registered(directory), {
        "localhost/app": { same: id, v1: id, [await other.digest()]: await idOf(other) },
      });
      assert.deepEqual((await images.list()).map(({ name }) => name), [
        "localhost/app:same",
        `localhost/app@${await other.digest()}`,
        "localhost/app:v1",
      ]);
    }));

  it("asks once what a name stands for when all is there, and fetches nothing", () =>
    withRegistry(async ({ directory, host, log, repository }) => {
      await writeIndex(repository("app"), "v1");
      const name = `${host}/app:v1`;
      await using there = store(join(directory, "engine"));
      const images = unpackedImages(there);
      const first = await images.pull(place(name).target, name);
      log.length = 0;
      const again = await images.pull(place(name).target, name);
      assert.deepEqual(again, first);
      assert.deepEqual(log.map((line) => line.split(" ").slice(0, 2)), [["HEAD", "/v2/app/manifests/v1"]]);
    }));

  it("takes the image that does best for a platform", () =>
    withImages(async ({ images, source }) => {
      for (const architecture of ["arm64", "amd64"]) {
        const platforms = runsOn({ os: "linux", architecture });
        const { directory } = await images.pull(source, "localhost/app:index", { platforms });
        assert.equal(
          JSON.parse(readFileSync(join(directory, "config.json"), "utf8")).architecture,
          architecture,
        );
      }
      const platforms = runsOn({ os: "linux", architecture: "s390x" });
      await rejects(images.pull(source, "localhost/app:index", { platforms }), "no-platform");
    }));

  it("removes an image with its last name, in the store too", () =>
    withImages(async ({ directory, there, images, source }) => {
      const { directory: unpacked } = await images.pull(source, "localhost/app:v1");
      await images.pull(source, "localhost/app:same");
      const { id } = await images.pull(source, "localhost/app:v2");
      await images.remove("localhost/app:v1");
      assert.ok(existsSync(unpacked));
      await images.remove("localhost/app:same");
      assert.ok(!existsSync(unpacked));
      assert.deepEqual(registered(directory), { "localhost/app": { v2: id } });
      assert.deepEqual((await Array.fromAsync(there.images.list())).map(({ name }) => name), [
        "localhost/app:v2",
      ]);
      await rejects(images.remove("localhost/app:v1"), "not-found");
      assert.deepEqual(readdirSync(join(directory, "images")).filter((name) => !name.endsWith(".json")), [
        id,
      ]);
    }));

  it("removes what a name stood for before, once it stands for something else", () =>
    withImages(async ({ directory, images, source }) => {
      const before = await images.pull(source, "localhost/app:v1");
      await copy(other, source, { name: "v1" });
      const after = await images.pull(source, "localhost/app:v1");
      assert.equal(after.id, await idOf(other));
      assert.ok(!existsSync(before.directory));
      assert.deepEqual(registered(directory), { "localhost/app": { v1: after.id } });
    }));

  it("unpacks anew what somebody has removed", () =>
    withImages(async ({ images, source }) => {
      const { directory } = await images.pull(source, "localhost/app:v1");
      renameSync(directory, `${directory}.moved`);
      await images.pull(source, "localhost/app:v1");
      assert.ok(existsSync(join(directory, "layers.json")));
    }));

  it("prunes what has no name, and what killed processes left", () =>
    withImages(async ({ directory, there, images, source }) => {
      const kept = await images.pull(source, "localhost/app:v1");
      const { directory: gone, id } = await images.pull(source, "localhost/app:v2");
      await there.images.delete("localhost/app:v2");
      const [left, beside] = ["0123456789ab", kept.id].map((id) => leftBehind(directory, id)) as [
        string,
        string,
      ];
      assert.deepEqual(await images.prune({ dryRun: true }), ["0123456789ab", id].sort());
      assert.ok([gone, left, beside].every((path) => existsSync(path)));
      assert.deepEqual(await images.prune(), ["0123456789ab", id].sort());
      assert.ok(![gone, left, beside].some((path) => existsSync(path)) && existsSync(kept.directory));
      assert.deepEqual(registered(directory), { "localhost/app": { v1: kept.id } });
      assert.deepEqual(await images.prune(), []);
    }));

  it("removes what the store no longer has, and leaves other namespaces alone", () =>
    withImages(async ({ directory, there, images, source }) => {
      const { directory: gone } = await images.pull(source, "localhost/app:v1");
      await using apart = store(directory, { namespace: "apart" });
      const kept = await unpackedImages(apart).pull(source, "localhost/app:v1");
      assert.equal(kept.directory, join(directory, "namespaces/apart/images", kept.id));
      await there.images.delete("localhost/app:v1");
      await images.remove("localhost/app:v1");
      await images.prune();
      assert.ok(!existsSync(gone) && existsSync(kept.directory));
    }));

  it("refuses another image with the same ID", () =>
    withImages(async ({ directory, images, source }) => {
      await images.pull(source, "localhost/app:v2");
      renameSync(join(directory, "images", await idOf(other)), join(directory, "images", await idOf(app)));
      await rejects(images.pull(source, "localhost/app:v1"), "conflict", /has its ID/);
    }));

  for (const text of ["[", '{"app":{"v1":"../../etc"}}', '{"app":{"v1":1}}', "null"]) {
    it(`refuses an images.json that is ${text}`, () =>
      withImages(async ({ directory, images }) => {
        mkdirSync(directory, { recursive: true });
        writeFileSync(join(directory, "images.json"), text);
        await rejects(images.list(), "invalid-document", /images\.json/);
      }));
  }

  it("keeps a tag that objects have of their own", () =>
    withImages(async ({ images, source }) => {
      await copy(app, source, { name: "__proto__" });
      await images.pull(source, "localhost/app:__proto__");
      assert.deepEqual((await images.list()).map(({ name }) => name), ["localhost/app:__proto__"]);
    }));
});

describe("two processes that pull one image at once", () => {
  it("fetch each layer once, and one of them unpacks", async () => {
    let manifests = 0;
    const both = Promise.withResolvers<void>();
    // No blob comes before both have asked for the manifest.
    const answer = async (request: Request, next: (request: Request) => Promise<Response>) => {
      const { pathname } = new URL(request.url);
      if (request.method === "GET" && pathname.includes("/manifests/") && ++manifests === 2) both.resolve();
      if (request.method === "GET" && pathname.includes("/blobs/")) await both.promise;
      return await next(request);
    };
    await withRegistry(async ({ directory, host, log, repository }) => {
      // Small blobs are not worth a lock.
      const large = imageWith("0123456789".repeat(200_000));
      await copy(large, repository("app"), { name: "v1" });
      log.length = 0;
      const script = new URL("./pull_child.ts", import.meta.url);
      const engine = join(directory, "engine");
      const started = [1, 2].map(() => startScript(script, [engine, `${host}/app:v1`]).ended);
      const id = await idOf(large);
      for (const { code, stdout, stderr } of await Promise.all(started)) {
        assert.deepEqual([code, stdout, stderr], [0, `${id}\n`, ""]);
      }
      for (const layer of await large.layers()) {
        const digest = await layer.digest();
        const fetched = log.filter((line) => line.startsWith(`GET /v2/app/blobs/${digest}`));
        assert.equal(fetched.length, 1, log.join("\n"));
      }
      const left = readdirSync(join(engine, "images")).filter((name) => !name.endsWith(".json"));
      assert.deepEqual(left, [id]);
    }, answer);
  });
});
