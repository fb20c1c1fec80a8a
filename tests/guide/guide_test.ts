/**
 * Runs every snippet of docs/guide, page by page, in a directory of its own with a `dist` in it. What the pages call
 * `localhost:5000` is a registry that holds `alpine:3.20`, for two platforms, and `app:v1`.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { copy, type Descriptor, emptyImage, layer, mediaTypes, type Memory, memory } from "../../mod.ts";
import { utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { server } from "../../src/server/mod.ts";
import { listen } from "../../src/server/node.ts";
import { tarOf } from "../archive/support.ts";
import { contentOf } from "../../src/testing/content.ts";
import { inDirectory } from "../support/directory.ts";
import { scriptCommand } from "../support/spawn.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

interface Snippet {
  language: "ts" | "sh";
  code: string;
}

/** The snippets of a page that are to run; a page says of the others that they are not: `sh ignore`. */
function snippetsOf(page: string): Snippet[] {
  return [...page.matchAll(/^```(ts|sh)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({
    language: language as Snippet["language"],
    code: code!,
  }));
}

/** Runs a script as the tests are run; Deno finds the packages of the library only where it is told of them. */
function command(): string[] {
  const [program, ...words] = scriptCommand();
  const config = "Deno" in globalThis ? [`--config=${join(root, "deno.json")}`] : [];
  return [program!, ...words.slice(0, 1), ...config, ...words.slice(1)];
}

async function imageFor(architecture: string, text: string) {
  const tar = await tarOf([["etc/greeting", text], ["bin/app", "#!/bin/sh\n"]]);
  return emptyImage({ os: "linux", architecture }).append(layer(tar)).configure({ cmd: ["/bin/app"] });
}

/** The registry that the pages talk to. */
async function fill(repository: (name: string) => Memory): Promise<void> {
  const alpine = repository("alpine");
  const manifests: Descriptor[] = [];
  for (const architecture of ["amd64", "arm64"]) {
    const { descriptor } = await copy(await imageFor(architecture, `hello from ${architecture}`), {
      target: alpine,
    });
    manifests.push({ ...descriptor, platform: { os: "linux", architecture } });
  }
  const index = utf8(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }));
  await alpine.write(await contentOf(index, mediaTypes.ociIndex), { role: "manifest", name: "3.20" });
  await copy(await imageFor("amd64", "the app"), { target: repository("app"), name: "v1" });
}

async function inWorld(work: (host: string, directory: string) => Promise<void>): Promise<void> {
  const repositories = new Map<string, Memory>();
  const repository = (name: string) => {
    const found = repositories.get(name) ?? memory();
    repositories.set(name, found);
    return found;
  };
  await fill(repository);
  const listening = await listen(server({ repositories: repository }));
  try {
    await inDirectory(async (directory) => {
      await mkdir(join(directory, "dist"));
      await writeFile(join(directory, "dist/app"), "#!/bin/sh\necho hello\n", { mode: 0o755 });
      const gantry = [...command(), join(root, "src/cli/main.ts")].map((word) => `'${word}'`).join(
        " ",
      );
      await mkdir(join(directory, ".bin"));
      await writeFile(join(directory, ".bin/gantry"), `#!/bin/sh\nexec ${gantry} "$@"\n`, { mode: 0o755 });
      await work(`127.0.0.1:${listening.port}`, directory);
    });
  } finally {
    await listening.close();
  }
}

/** Runs a program in the directory, and gives what it printed; fails when it does. */
function run([program, ...args]: string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn(program!, args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    // No credentials of whoever runs the tests.
    env: {
      ...process.env,
      NO_COLOR: "1",
      NODE_NO_WARNINGS: "1",
      DOCKER_CONFIG: cwd,
      XDG_RUNTIME_DIR: cwd,
      ...env,
    },
  });
  let output = "";
  child.stdout.on("data", (chunk: Uint8Array) => output += new TextDecoder().decode(chunk));
  child.stderr.on("data", (chunk: Uint8Array) => output += new TextDecoder().decode(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on(
      "close",
      (code) => code === 0 ? resolve(output) : reject(new Error(`exit code ${code}: ${output}`)),
    );
  });
}

describe("docs/from-crane.md", () => {
  it("names functions that there are", async () => {
    const page = await readFile(join(root, "docs/from-crane.md"), "utf8");
    const doors = [
      "mod.ts",
      "src/spec/mod.ts",
      "src/registry/mod.ts",
      "src/archive/mod.ts",
      "src/server/mod.ts",
      "src/keychain/mod.ts",
    ];
    const exported = new Set<string>();
    for (const door of doors) {
      for (const name of Object.keys(await import(join(root, door)))) exported.add(name);
    }
    const functions = page.slice(page.indexOf("## Functions"));
    const ours = functions.split("\n").map((line) => line.split("|")[2] ?? "").join("\n");
    const called = [...ours.matchAll(/(?<![.\w])([a-zA-Z]+)\(/g)].map(([, name]) => name!);
    assert.ok(called.length > 20);
    assert.deepEqual(called.filter((name) => !exported.has(name)), []);
  });
});

const { exports } = JSON.parse(await readFile(join(root, "deno.json"), "utf8")) as {
  exports: Record<string, string>;
};

/** The same code with the library at its place: a script outside of a package cannot import it by name. */
function withLibrary(code: string): string {
  return code.replace(/"@gantry\/oci(\/[\w/-]+)?"/g, (_, door: string | undefined) => {
    const file = exports[door === undefined ? "." : `.${door}`];
    assert.ok(file, `there is no door ${door}`);
    return JSON.stringify(pathToFileURL(join(root, file)).href);
  });
}

function edgeCaller(script: string): string {
  return `
    import app from ${JSON.stringify(pathToFileURL(script).href)};
    const response = await app.fetch(new Request("http://edge.example/"));
    if (!response.ok) throw new Error(await response.text());
  `;
}

async function runSnippet({ language, code }: Snippet, host: string, directory: string): Promise<void> {
  const here = code.replaceAll("localhost:5000", host);
  if (language === "sh") {
    const path = `${join(directory, ".bin")}${delimiter}${process.env["PATH"]}`;
    await run(["sh", "-euc", here], directory, { PATH: path });
  } else {
    const script = join(directory, `snippet-${(await digestBytes(utf8(here))).slice(7, 19)}.ts`);
    await writeFile(script, withLibrary(here));
    if (!here.includes("export default")) return void await run([...command(), script], directory);
    // An edge function, which a platform would call.
    const caller = script.replace(/\.ts$/, "-caller.ts");
    await writeFile(caller, edgeCaller(script));
    await run([...command(), caller], directory);
  }
}

const pages = (await readdir(join(root, "docs/guide"))).filter((name) => name.endsWith(".md")).sort();

describe("the guide's page", () => {
  for (const page of pages) {
    it(`${page} has snippets that run`, () =>
      inWorld(async (host, directory) => {
        const snippets = snippetsOf(await readFile(join(root, "docs/guide", page), "utf8"));
        assert.ok(snippets.length > 0);
        for (const snippet of snippets) await runSnippet(snippet, host, directory);
      }));
  }
});
