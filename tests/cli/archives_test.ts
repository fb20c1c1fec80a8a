import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { archive } from "../../src/archive/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { openImage } from "../../src/image/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import { readTar } from "../../src/tar/mod.ts";
import { fixture, needsFixtures } from "../support/fixtures.ts";
import { collect } from "../layout/support.ts";
import { digestAt, imageOf, inYard, type Ran, start, writeIndex } from "./gantry.ts";

/** What a run printed that went well and said nothing else. */
function printed({ code, stdout, stderr }: Ran): string {
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  return stdout;
}

async function filesIn(path: string): Promise<string[]> {
  const tar = new Blob([await readFile(path)]).stream();
  return (await Array.fromAsync(readTar(tar))).map(({ path }) => path);
}

describe("gantry pull and push", () => {
  it("keep the digest through a tarball, as it is and compressed", () =>
    inYard(async ({ directory, gantry, host, repository }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      const digest = await digestAt(repository("app"), "v1");
      assert.equal(printed(await gantry("pull", `${host}/app:v1`, "app.tar")), "");
      assert.deepEqual(await collect(archive(join(directory, "app.tar")).names()), [`${host}/app:v1`]);
      assert.deepEqual((await readdir(directory)).filter((name) => name.startsWith(".")), []);
      assert.equal(printed(await gantry("digest", "--tarball", "app.tar")), `${digest}\n`);
      assert.equal(printed(await gantry("digest", "--tarball", "app.tar", `${host}/app:v1`)), `${digest}\n`);
      assert.equal(printed(await gantry("push", "app.tar", `${host}/to:v2`)), `${host}/to@${digest}\n`);
      assert.equal(await digestAt(repository("to"), "v2"), digest);
      await writeFile(join(directory, "app.tgz"), gzipSync(await readFile(join(directory, "app.tar"))));
      assert.equal(printed(await gantry("push", "app.tgz", `${host}/to:v3`)), `${host}/to@${digest}\n`);
    }));

  it("pull each format", () =>
    inYard(async ({ directory, gantry, host, repository }) => {
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

  it("pull several images into one tarball, and push them by name", () =>
    inYard(async ({ directory, gantry, host, repository }) => {
      for (const tag of ["v1", "v2"]) await copy(imageOf(tag), repository("app"), { name: tag });
      const digest = await digestAt(repository("app"), "v2");
      printed(await gantry("pull", `${host}/app:v1`, `${host}/app:v2`, `${host}/app@${digest}`, "all.tar"));
      const names = await collect(archive(join(directory, "all.tar")).names());
      assert.deepEqual(names, ["i-was-a-digest", "v1", "v2"].map((tag) => `${host}/app:${tag}`));
      const several = await gantry("push", "all.tar", `${host}/to:v1`);
      assert.equal(several.code, 1);
      assert.match(several.stderr, /^Error: push "all\.tar": it holds 2 images, name one \(.*app:v2\)\n$/);
      const pushed = printed(await gantry("push", `docker-archive:all.tar:${host}/app:v2`, `${host}/to:v2`));
      assert.equal(pushed, `${host}/to@${digest}\n`);
    }));

  it("copy from archives and to them, and spare the file that is there when told to", () =>
    inYard(async ({ gantry, host, repository }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      const digest = await digestAt(repository("app"), "v1");
      printed(await gantry("copy", `${host}/app:v1`, "docker-archive:a.tar:app:v1"));
      printed(await gantry("copy", "docker-archive:a.tar:app:v1", "oci-archive:b.tar:v2"));
      printed(await gantry("copy", "oci-archive:b.tar:v2", `${host}/to:v1`));
      assert.equal(await digestAt(repository("to"), "v1"), digest);
      assert.equal(printed(await gantry("digest", "oci-archive:b.tar:v2")), `${digest}\n`);
      const spared = await gantry("copy", "-n", `${host}/app:v1`, "oci-archive:b.tar:v3");
      assert.match(spared.stderr, /refusing to clobber existing file b\.tar\n$/);
      assert.equal(spared.code, 1);
    }));

  it("leave nothing of an archive when a blob is not what it should be", () =>
    inYard(async ({ directory, gantry, host, repository }) => {
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

  it("leave the file that was there when a blob is missing", () =>
    inYard(async ({ directory, gantry, host, repository }) => {
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

  it("end in one line, and leave nothing, when they are interrupted", () => {
    const { promise: stuck, resolve } = Promise.withResolvers<void>();
    let open = 1;
    return inYard(async ({ directory, host, repository }) => {
      await copy(imageOf("one"), repository("from"), { name: "v1" });
      const { child, ended } = start(["pull", `${host}/from:v1`, "out.tar"], { directory });
      await stuck;
      process.kill(child.pid!, "SIGINT"); // Deno's child.kill hides the exit code
      assert.deepEqual(await ended, { code: 130, stdout: "", stderr: "Error: ended by SIGINT\n" });
      assert.deepEqual((await readdir(directory)).filter((name) => name.includes("out")), []);
    }, async (request, next) => {
      // The config tells what is in the archive; the layer comes when it is being written.
      if (!request.url.includes("/blobs/") || open-- > 0) return await next(request);
      resolve();
      return await new Promise(() => {});
    });
  });
});

describe("gantry validate", () => {
  it("passes what is well", () =>
    inYard(async ({ gantry, host, repository }) => {
      await writeIndex(repository("app"), "v1");
      printed(await gantry("pull", `${host}/app:v1`, "app.tar"));
      printed(await gantry("pull", "--format", "oci", `${host}/app:v1`, "layout"));
      assert.equal(printed(await gantry("validate")), "");
      const all = ["--tarball", "app.tar", "--layout", "layout", "--remote", `${host}/app:v1`];
      for (const flags of [[], ["--fast"]]) {
        assert.equal(
          printed(await gantry("validate", ...flags, ...all)),
          `PASS: app.tar\nPASS: layout\nPASS: ${host}/app:v1\n`,
        );
      }
    }));

  it("says which layer is not the config's", needsFixtures, () =>
    inYard(async ({ directory, gantry }) => {
      const cases: Record<string, RegExp> = {
        "snyk-save-java-windows.tar": /layer 0: read blob sha256:9c27e219.*: sha256:/,
        "snyk-skopeo-nginx.tar": /manifest\.json has 1 layers where ".*\.json" has 3 diffIDs/,
      };
      for (const [name, words] of Object.entries(cases)) {
        const path = fixture(`docker-archives/${name}`);
        const { code, stdout, stderr } = await gantry("validate", "--tarball", path);
        assert.equal(code, 1);
        assert.match(stdout, /^FAIL: [^\n]*\n$/);
        assert.match(stdout, words);
        assert.match(stderr, /^Error: validate [^\n]*\n$/);
      }
      assert.ok(!existsSync(join(directory, "state")));
    }));
});
