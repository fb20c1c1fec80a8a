/**
 * Bundlers drop modules whose exports nobody uses, unless `package.json` lists them under `sideEffects`: programs that are
 * bundled from the package's doors must have the engines that the doors register.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { build, type BuildResult, stop } from "esbuild";
import { inDirectory } from "./support/directory.ts";
import { scriptCommand, startScript } from "./support/spawn.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

const sha256 = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const contents = ["a", "b", "c"].map((letter) => new TextEncoder().encode(letter.repeat(600_000)));
const makeContents =
  `const contents = ["a", "b", "c"].map((letter) => new TextEncoder().encode(letter.repeat(600_000)));`;

interface Program {
  source: string;
  check(output: string): void;
}

/** Programs by what they show; each prints JSON. */
const programs: Record<string, Program> = {
  "digestAll has the core and its threads": {
    source: `
      import { digestAll } from "@gantry/oci/digest";
      ${makeContents}
      const digests = [];
      for (const options of [{}, { engine: "wasm" }, { engine: "wasm", workers: 2 }]) {
        digests.push(await digestAll(contents, options));
      }
      console.log(JSON.stringify(digests));`,
    check(output) {
      const digests = contents.map(sha256);
      assert.deepEqual(JSON.parse(output), [digests, digests, digests]);
    },
  },
  "createHasher has the lanes of the core in its table": {
    source: `
      import { createHasher } from "@gantry/oci/digest";
      ${makeContents}
      const hasher = await createHasher("sha256", { engine: "wasm" });
      await hasher.update(contents[0]);
      console.log(JSON.stringify(await hasher.digest()));`,
    check: (output) => assert.equal(JSON.parse(output), sha256(contents[0]!)),
  },
  "gzip has the core and its threads": {
    source: `
      import { gzip } from "@gantry/oci/codec";
      ${makeContents}
      const packed = [];
      for (const workers of [1, 2]) {
        const stream = new Blob(contents).stream().pipeThrough(gzip({ workers }));
        packed.push([...new Uint8Array(await new Response(stream).arrayBuffer())]);
      }
      console.log(JSON.stringify(packed));`,
    check(output) {
      const [one, two] = (JSON.parse(output) as number[][]).map((bytes) => Uint8Array.from(bytes));
      assert.deepEqual(two, one);
      assert.equal(sha256(gunzipSync(one!)), sha256(Buffer.concat(contents)));
      assert.deepEqual([...one!.subarray(4, 10)], [0, 0, 0, 0, 0, 255], "the header that the core writes");
    },
  },
  "the whole library takes the engines that it takes without a bundler": {
    source: `
      import { engines } from "@gantry/oci";
      console.log(JSON.stringify(await engines()));`,
    check(output) {
      const { digest, gzip, gunzip } = JSON.parse(output) as Record<string, string>;
      const expected = {
        digest: "node:crypto",
        gzip: "wasm",
        gunzip: "wasm",
      };
      assert.deepEqual({ digest, gzip, gunzip }, expected);
    },
  },
};

/** A project that has this package among its dependencies, with these programs as its files. */
async function inProject(work: (directory: string, entries: string[]) => Promise<void>): Promise<void> {
  await inDirectory(async (directory) => {
    await mkdir(join(directory, "node_modules/@gantry"), { recursive: true });
    await symlink(root, join(directory, "node_modules/@gantry/oci"), "dir");
    await writeFile(join(directory, "package.json"), `{ "type": "module" }`);
    const entries = Object.values(programs).map((_, i) => join(directory, `program${i}.js`));
    await Promise.all(
      Object.values(programs).map(({ source }, i) => writeFile(entries[i]!, source)),
    );
    await work(directory, entries);
  });
}

/** Bundles with esbuild as an application does: tree shaking, code split where it is loaded lazily. */
async function esbuilt(directory: string, entries: string[], minify: boolean): Promise<BuildResult> {
  try {
    return await build({
      absWorkingDir: directory,
      entryPoints: entries,
      outdir: join(directory, "esbuild"),
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting: true,
      treeShaking: true,
      minify,
      metafile: true,
      format: "esm",
      platform: "node",
      logLevel: "silent",
    });
  } finally {
    await stop();
  }
}

async function check(bundle: string, { check }: Program): Promise<void> {
  const { code, stdout, stderr } = await startScript(pathToFileURL(bundle), []).ended;
  assert.equal(code, 0, stderr);
  check(stdout);
}

const runtime = scriptCommand()[0]!;
const bun = spawnSync("bun", ["--version"], { encoding: "utf8" });

describe("package.json", () => {
  // esbuild and Bun keep a door that other bundlers drop, so this is checked by itself.
  it("lists under sideEffects the modules that do something when they are imported", () => {
    const { sideEffects } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      sideEffects: string[];
    };
    const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts")).map((name) => `src/${name.replaceAll("\\", "/")}`);
    const acting = ["mod.ts", ...sources]
      .filter((path) =>
        /^(?:for|if|await|[\w.]+\(.*\);$)/m.test(withoutComments(readFileSync(join(root, path), "utf8")))
      );
    assert.deepEqual(acting.map((path) => `./${path}`).sort(), sideEffects.toSorted());
  });
});

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, "");
}

describe("bundled with esbuild", () => {
  for (const minify of [false, true]) {
    it(`programs have their engines${minify ? ", minified" : ""}, run by ${runtime.split("/").at(-1)}`, async () => {
      await inProject(async (directory, entries) => {
        await esbuilt(directory, entries, minify);
        for (const [i, program] of Object.values(programs).entries()) {
          await check(join(directory, "esbuild", `program${i}.mjs`), program);
        }
      });
    });
  }

  it("programs load the core's bytes, hash-wasm and zstd-codec lazily", async () => {
    await inProject(async (directory, entries) => {
      const { outputs } = (await esbuilt(directory, entries, false)).metafile!;
      for (const [path, { entryPoint }] of Object.entries(outputs)) {
        if (!entryPoint?.startsWith("program")) continue;
        const early = new Set([path]);
        for (const chunk of early) {
          for (const { path, kind, external } of outputs[chunk]!.imports) {
            if (kind === "import-statement" && !external) early.add(path);
          }
        }
        const inputs = [...early].flatMap((chunk) => Object.keys(outputs[chunk]!.inputs));
        assert.deepEqual(inputs.filter((input) => /hash-wasm|zstd-codec\/|core_bytes/.test(input)), []);
      }
    });
  });
});

describe("bundled with Bun", { skip: bun.status === 0 ? false : "there is no bun on the PATH" }, () => {
  it("programs have their engines", async () => {
    await inProject(async (directory, entries) => {
      for (const [i, program] of Object.values(programs).entries()) {
        const bundle = join(directory, "bun", `program${i}.js`);
        const { status, stderr } = spawnSync(
          "bun",
          ["build", entries[i]!, "--target=node", "--minify", `--outfile=${bundle}`],
          { cwd: directory, encoding: "utf8" },
        );
        assert.equal(status, 0, stderr);
        await check(bundle, program);
      }
    });
  });
});
