import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { memory } from "../../../../src/content/mod.ts";
import { copy } from "../../../../src/copy/mod.ts";
import { registries } from "../../../../src/registry/mod.ts";
import { digestAt, imageOf, start } from "../../gantry.ts";
import { inDirectory } from "../../../support/directory.ts";

/** Serves while `work` runs, and gives what the command said. */
async function serving(
  args: string[],
  directory: string,
  work: (host: string) => Promise<void>,
  env: Record<string, string> = {},
): Promise<string> {
  const { child, ended } = start(["registry", "serve", ...args], { directory, env });
  let said = "";
  const port = await new Promise<string>((resolve, reject) => {
    child.stderr!.on("data", (chunk: Uint8Array) => {
      said += new TextDecoder().decode(chunk);
      const [, found] = /^serving on port (\d+)$/m.exec(said) ?? [];
      if (found) resolve(found);
    });
    child.once("close", () => reject(new Error(said)));
  });
  try {
    await work(`127.0.0.1:${port}`);
  } finally {
    process.kill(child.pid!, "SIGTERM"); // Deno's child.kill hides the exit code
  }
  const { code, stdout, stderr } = await ended;
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "" }, stderr);
  return stderr;
}

async function all(names: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const name of names) found.push(name);
  return found;
}

describe("gantry registry serve", () => {
  it("keeps images in memory", () =>
    inDirectory(async (directory) => {
      const said = await serving([], directory, async (host) => {
        const open = registries();
        assert.deepEqual(await all(open.catalog(host)), []);
        await copy(imageOf("one"), open(`${host}/some/app`), { name: "v1" });
        await assert.rejects(open(`${host}/other`).resolve("v1"));
        assert.deepEqual(await all(open.catalog(host)), ["some/app"]);
        assert.deepEqual(await all(open(`${host}/some/app`).names()), ["v1"]);
      });
      assert.match(said, /^serving on port \d+\n$/);
    }));

  it("keeps images on disk between runs, and listens where it is told", () =>
    inDirectory(async (directory) => {
      const image = imageOf("one");
      await copy(image, memory());
      const digest = await image.digest();
      await serving(["--disk", "images", "--address", "127.0.0.1:0"], directory, async (host) => {
        await copy(image, registries()(`${host}/some/app`), { name: "v1" });
      });
      const said = await serving(["--disk=images"], directory, async (host) => {
        assert.equal(await digestAt(registries()(`${host}/some/app`), "v1"), digest);
        assert.deepEqual(await all(registries().catalog(host)), ["some/app"]);
      }, { PORT: "0" });
      assert.match(said, /^storing images in images\nserving on port \d+\n$/);
    }));
});
