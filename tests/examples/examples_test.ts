import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import edge from "../../examples/edge-manifest.ts";
import { saveArchive } from "../../src/archive/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { openImage } from "../../src/image/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import type { Descriptor } from "../../src/spec/mod.ts";
import { digestAt, imageOf, manifestAt, withRegistry, writeIndex } from "../cli/gantry.ts";
import { scriptCommand, startScript } from "../support/spawn.ts";

/** Runs an example to its end, and gives what it printed. */
async function example(name: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await startScript(
    new URL(`../../examples/${name}.ts`, import.meta.url),
    args,
  ).ended;
  assert.equal(code, 0, stderr);
  return stdout;
}

describe("the example", () => {
  it("inspect tells what is in an image", () =>
    withRegistry(async ({ host, repository }) => {
      await copy(imageOf("one", "arm64"), repository("app"), { name: "v1" });
      const digest = await digestAt(repository("app"), "v1");
      assert.equal(await example("inspect", `${host}/app:v1`), `${digest} arm64\nfile\n`);
    }));

  it("pull brings an index into a layout", () =>
    withRegistry(async ({ directory, host, repository }) => {
      const { digest } = await writeIndex(repository("app"), "v1");
      const images = join(directory, "images");
      assert.match(await example("pull", `${host}/app:v1`, `oci:${images}:app`), new RegExp(digest));
      assert.equal(await digestAt(layout(images), "app"), digest);
    }));

  it("load pushes what was saved, and saves what it pushed", () =>
    withRegistry(async ({ directory, host, repository }) => {
      const tar = join(directory, "app.tar");
      const [{ digest }] = await saveArchive(tar, [{ image: imageOf("one") }]) as [Descriptor];
      const again = join(directory, "again.tar");
      const printed = await example("load", tar, `${host}/app:v1`, again);
      assert.equal(printed, `${host}/app:v1@${digest}\n${again}@${digest}\n`);
      assert.equal(await digestAt(repository("app"), "v1"), digest);
    }));

  it("bulk-digest digests a thousand layers, with and without threads", async () => {
    for (const workers of ["1", "2"]) {
      assert.match(await example("bulk-digest", workers), /^1000 layers, the first sha256:8a39d2ab/);
    }
  });

  it("build puts a directory on top of an image", () =>
    withRegistry(async ({ directory, host, repository }) => {
      await copy(imageOf("base"), repository("base"), { name: "v1" });
      await mkdir(join(directory, "dist"));
      await writeFile(join(directory, "dist/app"), "#!/bin/sh\n");
      const printed = await example("build", `${host}/base:v1`, join(directory, "dist"), `${host}/app:v2`);
      assert.equal(printed, `${host}/app:v2@${await digestAt(repository("app"), "v2")}\n`);
      const app = await openImage(repository("app"), "v2");
      assert.deepEqual((await app.config()).config?.Cmd, ["/app"]);
      assert.equal((await app.layers()).length, 2);
    }));

  it("own-image makes an image of an executable and its libraries", async (t) => {
    if (!existsSync("/usr/bin/ldd") || !existsSync("/bin/ls")) return t.diagnostic("there is no ldd here");
    await withRegistry(async ({ host, repository }) => {
      const printed = await example("own-image", "/bin/ls", `${host}/ls:v1`);
      assert.equal(printed, `${host}/ls:v1@${await digestAt(repository("ls"), "v1")}\n`);
      const made = await openImage(repository("ls"), "v1");
      assert.deepEqual((await made.config()).config?.Entrypoint, ["/usr/bin/ls"]);
      const [layer] = await made.layers();
      const entries = await Array.fromAsync(layer!.entries());
      const paths = entries.map(({ path }) => path);
      assert.ok(entries.every(({ mode }) => mode === 0o755));
      assert.ok(
        paths.includes("usr/bin/ls") && paths.some((path) => path.includes("libc.so")),
        String(paths),
      );
    });
  });

  it("tiny-engine runs a command in an image, and fetches nothing the second time", async (t) => {
    const isRoot = process.platform === "linux" && process.getuid?.() === 0;
    if (!isRoot || !existsSync("/usr/bin/ldd") || !existsSync("/usr/bin/unshare")) {
      return t.diagnostic("needs Linux, the superuser, ldd and unshare");
    }
    await withRegistry(async ({ directory, host, log }) => {
      await example("own-image", "/bin/ls", `${host}/ls:v1`);
      const script = fileURLToPath(new URL("../../examples/tiny-engine.ts", import.meta.url));
      const [program, first, ...before] = scriptCommand();
      const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
      // Deno finds the packages of the library only where it is told of them.
      const found = "Deno" in globalThis ? ["--config", config] : [];
      const args = [...first === undefined ? [] : [first], ...found, ...before, script, `${host}/ls:v1`];
      for (const round of [1, 2]) {
        log.length = 0;
        const options = { cwd: directory, encoding: "utf8" } as const;
        const { stdout, stderr } = await promisify(execFile)(
          program!,
          [...args, "/usr/bin/ls", "/usr/bin"],
          options,
        );
        assert.deepEqual([stdout, stderr], ["ls\n", ""]);
        if (round === 2) assert.deepEqual(log.map((line) => line.split(" ")[0]), ["HEAD"]);
      }
    });
  });

  it("edge-manifest answers with a manifest", () =>
    withRegistry(async ({ host, repository }) => {
      await copy(imageOf("one"), repository("app"), { name: "v1" });
      const response = await edge.fetch(new Request("http://edge.example/"), { REPOSITORY: `${host}/app` });
      assert.equal(response.headers.get("content-type"), "application/vnd.oci.image.manifest.v1+json");
      assert.equal(await response.text(), await manifestAt(repository("app"), "v1"));
    }));

  it("demo does everything once", async () => {
    const printed = await example("demo");
    assert.match(printed, /^serving a registry at http:\/\/127\.0\.0\.1:\d+$/m);
    assert.match(printed, /^ {2}written sha256:[0-9a-f]{64}$/m);
    assert.match(printed, /^ {11}greetings\/en$/m);
    assert.match(printed, /byte for byte\n\nunpacked it; the greeting is there\n$/);
  });
});
