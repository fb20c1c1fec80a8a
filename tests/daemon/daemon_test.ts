import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { archive, writeArchive } from "../../src/archive/mod.ts";
import type { Bytes } from "../../src/bytes.ts";
import { memory } from "../../src/content/mod.ts";
import { copy as copyPart } from "../../src/copy/mod.ts";
import { daemon } from "../../src/daemon/mod.ts";
import { addManifest, emptyImage, emptyIndex, layer, openImage } from "../../src/image/mod.ts";
import { copy, image, sourcePlace } from "../../src/places/mod.ts";
import { collect } from "../../src/testing/collect.ts";
import { rejects } from "../../src/testing/errors.ts";
import { layerTar } from "../archive/support.ts";
import { printed, start, withRegistry } from "../cli/gantry.ts";
import { type Engine, withEngine } from "./engine.ts";

/** As the engine has it: the digest of the config, and the names in the tar. */
async function idOf(tar: Bytes): Promise<{ id: string; names: string[] }> {
  const there = archive(new Blob([tar]));
  const names = await collect(there.names());
  return { id: await (await openImage(there, "@0")).configName(), names };
}

async function imageOf(text: string, platform = { os: "linux", architecture: "amd64" }) {
  return emptyImage(platform).append(layer(await layerTar(text), { compression: "none" }));
}

function within(work: (engine: Engine) => Promise<void>): Promise<void> {
  return withEngine(idOf, work);
}

describe("the Docker engine", () => {
  it("lists, loads, tags, finds and saves", () =>
    within(async ({ host }) => {
      const engine = daemon({ host });
      const app = await imageOf("a");
      assert.deepEqual(await engine.load(writeArchive([{ image: app, names: ["app:v1"] }])), ["app:v1"]);
      const id = await app.configName();
      assert.deepEqual(await engine.images(), [{ id, names: ["app:v1"] }]);
      await engine.tag("app:v1", "localhost:5000/acme/app:v2");
      assert.equal(await engine.find("localhost:5000/acme/app:v2"), id);
      assert.equal(await engine.find("app:v3"), undefined);
      const tar = await new Response(await engine.save(["app:v1"])).blob();
      assert.equal(await (await openImage(archive(tar), "@0")).configName(), id);
      assert.deepEqual(await engine.platform(), { os: "linux", architecture: "arm64" });
      assert.deepEqual(await engine.load(writeArchive([{ image: await imageOf("b") }])), [
        await (await imageOf("b")).configName(),
      ]);
    }));

  it("tells what is wrong", () =>
    within(async ({ host, directory }) => {
      const engine = daemon({ host });
      await rejects(
        engine.save(["app:v1"]),
        "not-found",
        /save "app:v1" in the .* at unix:.*: No such image: app:v1$/,
      );
      const full = writeArchive([{ image: await imageOf("a"), names: ["full:disk"] }]);
      await rejects(engine.load(full), "unsupported", /: no space$/);
      const nobody = daemon({ host: `unix://${join(directory, "no.sock")}` });
      await rejects(nobody.images(), "unavailable", /nobody listens there, is it running\? DOCKER_HOST/);
      assert.throws(
        () => daemon({ host: "ssh://me@there" }),
        /not a unix:\/\/, npipe:\/\/ or tcp:\/\/ address/,
      );
      await assert.rejects(
        engine.images({ signal: AbortSignal.abort(new Error("enough")) }),
        /^Error: enough$/,
      );
      const tls = { host: "tcp://127.0.0.1:1", certificates: directory };
      assert.throws(() => daemon(tls), { code: "storage", message: /ca\.pem/ });
      await writeFile(join(directory, "ca.pem"), "");
      assert.throws(() => daemon(tls), { code: "storage", message: /cert\.pem/ });
    }));

  it("is a place to copy to and from", () =>
    within(async ({ host, images, log }) => {
      const engine = { daemon: { host } };
      const app = await imageOf("a");
      const store = memory();
      await copyPart(app, store, { name: "v1" });
      await copy({ target: store, name: "v1" }, "daemon:app:v1", engine);
      assert.deepEqual(images.map(({ names }) => names), [["app:v1"]]);
      // It is there: only the name is sent.
      log.length = 0;
      await copy({ target: store, name: "v1" }, "docker-daemon:ghcr.io/acme/app", engine);
      assert.deepEqual(log.map((line) => line.split("/").at(-1)), ["json", "tag"]);
      assert.deepEqual(images[0]!.names, ["app:v1", "ghcr.io/acme/app:latest"]);

      const to = memory();
      await copy("daemon:app:v1", { target: to, name: "back" }, engine);
      assert.equal(await (await openImage(to, "back")).configName(), await app.configName());
      const id = await app.configName();
      assert.equal(await (await image(`daemon:${id}`, engine)).configName(), id);
      assert.deepEqual(await collect(sourcePlace("daemon:app:v1", engine).source.names!()), [
        "app:v1",
        "ghcr.io/acme/app:latest",
      ]);
      await rejects(copy("daemon:none", { target: to, name: "x" }, engine), "not-found", /none:latest/);
      assert.throws(() => sourcePlace("daemon:", engine), { code: "invalid-name" });
    }));

  it("gets the image of an index that it can run", () =>
    within(async ({ host, images }) => {
      let index = emptyIndex();
      for (const architecture of ["amd64", "arm64"]) {
        const platform = { os: "linux", architecture };
        index = index.edit(addManifest(await imageOf(architecture, platform), { platform }));
      }
      await copy(index, "daemon:app:v1", { daemon: { host } });
      const arm = await index.select({ os: "linux", architecture: "arm64" });
      assert.deepEqual(images.map(({ id }) => id), [await arm.configName()]);
    }));

  it("is where the command pulls to and pushes from", () =>
    within(({ host, images }) =>
      withRegistry(async ({ host: registry, repository, directory }) => {
        await copyPart(await imageOf("a"), repository("app"), { name: "v1" });
        const gantry = async (...args: string[]) =>
          printed(await start(args, { directory, env: { DOCKER_HOST: host } }).ended);
        await gantry("pull", `${registry}/app:v1`, "daemon:acme/app:v1");
        assert.deepEqual(images.map(({ names }) => names), [["acme/app:v1"]]);
        await gantry("push", "daemon:acme/app:v1", `${registry}/back:v1`);
        const back = await openImage(repository("back"), "v1");
        assert.equal(await back.configName(), await (await imageOf("a")).configName());
        assert.equal(await gantry("ls", "daemon:"), "acme/app:v1\n");
      })
    ));
});
