import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { copy } from "../../src/copy/mod.ts";
import { imageOf, type Ran, type RegistryFixture, withRegistry, writeIndex } from "../cli/gantry.ts";
import { needs } from "./server_peers.ts";

/** Runs crane to its end. */
function crane(directory: string, ...args: string[]): Promise<Ran> {
  const { PATH } = process.env;
  const child = spawn("crane", args, {
    cwd: directory,
    env: { PATH, HOME: directory },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Uint8Array) => stdout += Buffer.from(chunk).toString("latin1"));
  child.stderr.on("data", (chunk: Uint8Array) => stderr += Buffer.from(chunk).toString("utf8"));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr, progress: [] }));
  });
}

/** A registry with something in it: an image, an index, a second repository. */
function withFullRegistry(
  work: (fixture: RegistryFixture & { layer: string; digest: string }) => Promise<void>,
): Promise<void> {
  return withRegistry(async (fixture) => {
    const image = imageOf("one");
    for (const name of ["v1", "v2", "sha256-abc"]) {
      await copy(image, fixture.repository("some/app"), { name });
    }
    await writeIndex(fixture.repository("multi"), "v1");
    const [layer] = await image.layers();
    await work({ ...fixture, layer: await layer!.digest(), digest: await image.digest() });
  });
}

/** Both do the same: what they print and their exit code. */
async function same({ directory, gantry }: RegistryFixture, ...args: string[]): Promise<Ran> {
  const [ours, theirs] = [await gantry(...args), await crane(directory, ...args)];
  const line = args.join(" ");
  assert.equal(ours.code, theirs.code, `${line}\n${ours.stderr}${theirs.stderr}`);
  assert.equal(ours.stdout, theirs.stdout, line);
  return ours;
}

describe("gantry, where crane stood", needs("crane"), () => {
  it("prints the same about images", () =>
    withFullRegistry(async (fixture) => {
      const { digest, host, layer } = fixture;
      const [app, multi] = [`${host}/some/app:v1`, `${host}/multi:v1`];
      for (const name of [app, multi, `${host}/some/app@${digest}`]) {
        for (const platform of [[], ["--platform", "all"], ["--platform=linux/arm64"]]) {
          for (const command of [["digest"], ["digest", "--full-ref"], ["manifest"], ["config"]]) {
            await same(fixture, ...command, name, ...platform);
          }
        }
      }
      await same(fixture, "blob", `${host}/some/app@${layer}`);
    }));

  it("prints the same lists", () =>
    withFullRegistry(async (fixture) => {
      const { host } = fixture;
      for (const flags of [[], ["--full-ref"], ["-O"], ["--omit-digest-tags", "--full-ref"]]) {
        await same(fixture, "ls", `${host}/some/app`, ...flags);
      }
      for (const flags of [[], ["--full-ref"]]) await same(fixture, "catalog", host, ...flags);
    }));

  it("fails where crane fails, and prints nothing then", () =>
    withFullRegistry(async (fixture) => {
      const { host } = fixture;
      const zeros = `sha256:${"0".repeat(64)}`;
      for (
        const args of [
          ["digest", `${host}/some/app:nope`],
          ["digest", `${host}/multi:v1`, "--platform", "linux/s390x"],
          ["manifest", `${host}/nothing:v1`],
          ["config", `${host}/multi:v1`, "--platform", "windows/amd64"],
          ["blob", `${host}/some/app@${zeros}`],
          ["blob", `${host}/some/app:v1`],
          ["ls", `${host}/some/app:v1`],
          ["catalog", `${host}/some`],
          ["copy", `${host}/some/app:nope`, `${host}/to:v1`],
          ["copy", "-n", `${host}/some/app:v1`, `${host}/some/app:v2`],
          ["copy", "only-one"],
          ["tag", `${host}/some/app:nope`, "v3"],
          ["delete", `${host}/some/app:nope`],
          ["pull", "--format", "oci", `${host}/some/app:nope`, "out"],
          ["pull", "--format", "zip", `${host}/some/app:v1`, "out"],
          ["push", "nowhere", `${host}/to:v1`],
          ["digest", "--platform", "a/b/c/d", `${host}/some/app:v1`],
          ["nonsense"],
        ]
      ) {
        const { code, stdout } = await same(fixture, ...args);
        assert.equal(code, 1, args.join(" "));
        assert.equal(stdout, "");
      }
    }));

  it("leaves the same layouts, and pushes those of crane as crane does", () =>
    withFullRegistry(async (fixture) => {
      const { directory, gantry, host } = fixture;
      const entries = async (path: string) => {
        const { manifests } = JSON.parse(await readFile(join(directory, path, "index.json"), "utf8"));
        return (manifests as Record<string, unknown>[]).map(({ mediaType, digest, size, annotations }) => (
          { mediaType, digest, size, annotations }
        ));
      };
      for (const flags of [[], ["--annotate-ref"], ["--platform=linux/arm64"]]) {
        const args = ["pull", "--format=oci", `${host}/multi:v1`, ...flags];
        const path = `layout${flags.join()}`;
        assert.equal((await crane(directory, ...args, `crane-${path}`)).code, 0);
        assert.equal((await gantry(...args, `gantry-${path}`)).code, 0);
        assert.deepEqual(await entries(`gantry-${path}`), await entries(`crane-${path}`));
        for (const made of ["crane", "gantry"]) {
          await same(fixture, "push", `${made}-${path}`, `${host}/back:${made}`, "--image-refs", "refs");
          await same(fixture, "push", `${made}-${path}`, `${host}/whole:${made}`, "--index");
        }
      }
      assert.equal(
        (await crane(directory, "pull", "--format=oci", `${host}/some/app:v1`, "crane-layout")).code,
        0,
      );
      const { code } = await same(fixture, "push", "crane-layout", `${host}/back:two`);
      assert.equal(code, 1);
    }));

  it("copies, tags and deletes so that crane finds all in order", () =>
    withFullRegistry(async ({ digest, directory, gantry, host }) => {
      const run = async (...args: string[]) => assert.equal((await gantry(...args)).code, 0, args.join(" "));
      await run("copy", `${host}/multi:v1`, `${host}/to:v1`);
      await run("copy", "-a", `${host}/some/app`, `${host}/all`);
      await run("tag", `${host}/all:v1`, "v3");
      await run("delete", `${host}/all:v2`);
      for (const name of ["to:v1", "all:v3"]) {
        const { code, stderr } = await crane(directory, "validate", "--remote", `${host}/${name}`);
        assert.equal(code, 0, stderr);
      }
      assert.equal((await crane(directory, "ls", `${host}/all`)).stdout, "sha256-abc\nv1\nv3\n");
      assert.equal((await crane(directory, "digest", `${host}/all:v3`)).stdout, `${digest}\n`);
    }));
});
