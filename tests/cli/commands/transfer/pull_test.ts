import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { archive } from "../../../../src/archive/mod.ts";
import { copy } from "../../../../src/copy/mod.ts";
import { openImage } from "../../../../src/image/mod.ts";
import { layout } from "../../../../src/layout/mod.ts";
import { readTar } from "../../../../src/tar/mod.ts";
import { filesIn as allFiles } from "../../../layout/support.ts";
import { imageOf, printed, start, withRegistry, writeIndex } from "../../gantry.ts";

async function filesIn(path: string): Promise<string[]> {
  const tar = new Blob([await readFile(path)]).stream();
  return (await Array.fromAsync(readTar(tar))).map(({ path }) => path);
}

/** A promise and what fulfils it. */
function event(): { happened: Promise<void>; happen: () => void } {
  let happen = () => {};
  const happened = new Promise<void>((resolve) => happen = resolve);
  return { happened, happen };
}

describe("gantry pull", () => {
  it("pulls each format", () =>
    withRegistry(async ({ directory, gantry, host, repository }) => {
      const index = await writeIndex(repository("app"), "v1");
      const amd64 = await (await openImage(repository("app"), "v1")).digest();
      const name = `${host}/app:v1`;
      const path = (file: string) => join(directory, file);
      printed(await gantry("pull", name, "tarball.tar"));
      assert.equal(await (await openImage(archive(path("tarball.tar")), name)).digest(), amd64);
      assert.deepEqual((await filesIn(path("tarball.tar"))).slice(0, 3), [
        "oci-layout",
        "index.json",
        "manifest.json",
      ]);
      printed(await gantry("pull", "--format", "oci-archive", name, "oci.tar"));
      assert.equal((await archive(path("oci.tar")).resolve("@0")).descriptor.digest, index.digest);
      printed(await gantry("pull", name, "oci-archive:named.tar:one"));
      assert.equal((await archive(path("named.tar")).resolve("one")).descriptor.digest, index.digest);
      printed(await gantry("pull", "--format", "oci", name, "layout"));
      assert.equal((await layout(path("layout")).resolve(index.digest)).descriptor.digest, index.digest);
      printed(await gantry("pull", "--format", "legacy", "--platform", "linux/arm64", name, "legacy.tar"));
      assert.ok((await filesIn(path("legacy.tar"))).includes("repositories"));
      const legacy = await openImage(archive(path("legacy.tar")), name);
      assert.equal((await legacy.config()).architecture, "arm64");
    }));

  it("writes the same layout each time, with the platform that an image was chosen for", () =>
    withRegistry(async ({ directory, gantry, host, repository }) => {
      await writeIndex(repository("app"), "v1");
      const files = async (name: string) => {
        printed(await gantry("pull", "--format", "oci", "--platform", "linux/arm64", `${host}/app:v1`, name));
        const paths = await allFiles(join(directory, name));
        return await Promise.all(
          paths.map(async (path) => [path, await readFile(join(directory, name, path))]),
        );
      };
      const [one, two] = [await files("one"), await files("two")];
      assert.deepEqual(one, two);
      const index = JSON.parse(String(one.find(([path]) => path === "index.json")![1]));
      assert.deepEqual(index.manifests[0].platform, { os: "linux", architecture: "arm64" });
      assert.equal(one.length, 5); // two blobs, the manifest, index.json, oci-layout
    }));

  it("leaves nothing of an archive when a blob is not what it should be", () =>
    withRegistry(async ({ directory, gantry, host, repository }) => {
      await copy(imageOf("one"), repository("from"), { name: "v1" });
      const { code, stderr } = await gantry("pull", `${host}/from:v1`, "out.tar");
      assert.equal(code, 1);
      assert.match(stderr, /^Error: [^\n]*sha256:[0-9a-f]{64}[^\n]*\n$/);
      assert.deepEqual((await readdir(directory)).filter((name) => name.includes("out")), []);
    }, async (request, next) => {
      const response = await next(request);
      if (request.method !== "GET" || !request.url.includes("/blobs/")) return response;
      const bytes = new Uint8Array(await response.arrayBuffer());
      bytes[bytes.length - 1]! ^= 1;
      return new Response(bytes, { status: response.status, headers: response.headers });
    }));

  it("leaves the file that was there when a blob is missing", () =>
    withRegistry(async ({ directory, gantry, host, repository }) => {
      await copy(imageOf("one"), repository("from"), { name: "v1" });
      await writeFile(join(directory, "out.tar"), "before");
      for (const format of ["tarball", "legacy"]) {
        const { code } = await gantry("pull", `${host}/from:v1`, "out.tar", "--format", format);
        assert.equal(code, 1);
      }
      assert.equal(await readFile(join(directory, "out.tar"), "utf8"), "before");
    }, async (request, next) => {
      if (request.url.includes("/blobs/")) return new Response("gone", { status: 404 });
      return await next(request);
    }));

  it("ends in one line, and leaves nothing, when it is interrupted", () => {
    const { promise: stuck, resolve } = Promise.withResolvers<void>();
    let open = 1;
    return withRegistry(async ({ directory, host, repository }) => {
      await copy(imageOf("one"), repository("from"), { name: "v1" });
      const { child, ended } = start(["pull", `${host}/from:v1`, "out.tar"], { directory });
      await stuck;
      process.kill(child.pid!, "SIGINT"); // Deno's child.kill hides the exit code
      assert.deepEqual(await ended, {
        code: 130,
        stdout: "",
        stderr: "Error: ended by SIGINT\n",
        progress: [],
      });
      assert.deepEqual((await readdir(directory)).filter((name) => name.includes("out")), []);
    }, async (request, next) => {
      // The config tells what is in the archive; the layer comes when it is being written.
      if (!request.url.includes("/blobs/") || open-- > 0) return await next(request);
      resolve();
      return await new Promise(() => {});
    });
  });

  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    it(`ends in one line when it gets ${signal}`, () => {
      const stuck = event();
      return withRegistry(async ({ directory, host, repository }) => {
        await copy(imageOf("one"), repository("from"), { name: "v1" });
        const { child, ended } = start(["pull", `${host}/from:v1`, "oci:out:v1"], { directory });
        await stuck.happened;
        process.kill(child.pid!, signal); // Deno's child.kill hides the exit code
        const ran = await ended;
        const stderr = `Error: ended by ${signal}; the same command goes on from here\n`;
        assert.deepEqual(ran, { code, stdout: "", stderr, progress: [] });
        await assert.rejects(layout(join(directory, "out")).resolve("v1"));
      }, async (request, next) => {
        if (!new URL(request.url).pathname.includes("/blobs/")) return await next(request);
        stuck.happen();
        return await new Promise(() => {});
      });
    });
  }

  it("tells of a registry that lies about a blob, and keeps nothing of it", () =>
    withRegistry(async ({ directory, gantry, host, repository }) => {
      await copy(imageOf("one"), repository("from"), { name: "v1" });
      const { code, stderr } = await gantry("pull", `${host}/from:v1`, "oci:out:v1");
      assert.equal(code, 1);
      assert.match(stderr, /^Error: [^\n]*sha256:[0-9a-f]{64}[^\n]*\n$/);
      await assert.rejects(layout(join(directory, "out")).resolve("v1"));
      assert.ok(
        !existsSync(join(directory, "out/blobs/sha256")) ||
          !(await readdir(join(directory, "out/blobs/sha256"))).length,
      );
    }, async (request, next) => {
      const response = await next(request);
      if (request.method !== "GET" || !request.url.includes("/blobs/")) return response;
      const bytes = new Uint8Array(await response.arrayBuffer());
      bytes[0]! ^= 1;
      return new Response(bytes, { status: response.status, headers: response.headers });
    }));

  it("takes layers from a cache, which a failed or damaged one never spoils", () =>
    withRegistry(async ({ directory, gantry, host, log, repository }) => {
      await copy(imageOf("cached"), repository("app"), { name: "v1" });
      const [layer] = (await imageOf("cached").manifest()).layers;
      const kept = join(directory, "cache", layer!.digest);
      const layerReads = () =>
        log.filter((line) => line.startsWith("GET") && line.includes(layer!.digest)).length;
      const pull = async () => printed(await gantry("pull", "-c", "cache", `${host}/app:v1`, "app.tar"));
      await pull();
      assert.deepEqual([layerReads(), (await stat(kept)).size], [1, layer!.size]);
      await pull();
      assert.equal(layerReads(), 1);
      printed(await gantry("validate", "--tarball", "app.tar"));
      for (const damage of [new Uint8Array(3), new Uint8Array(layer!.size)]) {
        await writeFile(kept, damage);
        log.length = 0;
        await pull();
        assert.equal(layerReads(), 1);
        printed(await gantry("validate", "--tarball", "app.tar"));
        assert.deepEqual(await readdir(join(directory, "cache")), [layer!.digest]);
      }
      await rm(join(directory, "cache"), { recursive: true });
      await repository("app").delete(layer!, { role: "blob" });
      assert.equal((await gantry("pull", "-c", "cache", `${host}/app:v1`, "b.tar")).code, 1);
      assert.deepEqual(await readdir(join(directory, "cache")).catch(() => []), []);
    }));
});
