/**
 * Installs the npm package into empty projects of Node 20, Node 24, Bun and Deno, and uses it there: `deno task test:package`.
 * It needs npm.
 *
 * @module
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build, stop } from "esbuild";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { version, exports, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const doors = Object.keys(exports)
  .filter((door) => door !== "./cli") // it is the command: importing it runs it
  .map((door) => `@gantry/oci${door.slice(1)}`);
const tools = [`typescript@${devDependencies.typescript}`, `@types/node@${devDependencies["@types/node"]}`];

interface Project {
  name: string;
  /** What is installed beside the package. */
  packages: string[];
  /** Runs a file of the project. */
  run: string[];
}

const projects: Project[] = [
  { name: "Node 20", packages: ["node@20", ...tools], run: ["node_modules/.bin/node"] },
  { name: "Node 24", packages: ["node@24", ...tools], run: ["node_modules/.bin/node"] },
  { name: "Bun", packages: [], run: ["bun"] },
  { name: "Deno", packages: [], run: ["deno", "run", "-A", "--node-modules-dir=manual"] },
];

let passed = 0, failed = 0;
async function check(name: string, work: () => void | Promise<void>): Promise<void> {
  try {
    await work();
    passed++;
    console.log(`ok ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok ${name}\n${error instanceof Error ? error.stack : error}`);
  }
}

function run(directory: string, [program, ...args]: readonly string[]): string {
  const path = program!.startsWith("node_modules/") ? join(directory, program!) : program!;
  const { status, stdout, stderr, error } = spawnSync(path, args, {
    cwd: directory,
    encoding: "utf8",
    env: { ...process.env, XDG_STATE_HOME: directory, NO_COLOR: "1" },
  });
  if (status === 0) return stdout;
  throw new Error(`${[program, ...args].join(" ")} exits with ${status}: ${error ?? ""}\n${stdout}${stderr}`);
}

function install(tarball: string, { name, packages }: Project): string {
  const directory = mkdtempSync(join(tmpdir(), `gantry-${name.replace(" ", "-").toLowerCase()}-`));
  writeFileSync(join(directory, "package.json"), '{ "type": "module", "private": true }\n');
  run(directory, ["npm", "install", "--silent", "--no-audit", "--no-fund", tarball, ...packages]);
  mkdirSync(join(directory, "app"));
  cpSync(fileURLToPath(new URL("./round_trip.js", import.meta.url)), join(directory, "app/round_trip.js"));
  const imports = doors.map((door, i) => `import * as door${i} from ${JSON.stringify(door)};`);
  const counts = doors.map((_, i) => `console.log(Object.keys(door${i}).length);`);
  writeFileSync(join(directory, "app/doors.js"), [...imports, ...counts].join("\n"));
  writeFileSync(join(directory, "app/doors.ts"), [...imports, typed].join("\n"));
  return directory;
}

/** What a user's program in TypeScript does. */
const typed = `
import { type Descriptor, image, copy, layer, emptyImage } from "@gantry/oci";
import { layout } from "@gantry/oci/layout";
const base = await image("alpine:3.20", { platform: "linux/arm64" });
const app = base.append(layer(new Uint8Array(1024))).configure({ entrypoint: ["/app"] });
const { descriptor }: { descriptor: Descriptor } = await copy(app, { target: layout("out"), name: "v1" });
const { os }: { os: string } = await emptyImage().config();
export const all = [descriptor.digest, os${doors.map((_, i) => `, door${i}`).join("")}];
`;

function checkTypes(directory: string, resolution: "bundler" | "nodenext"): void {
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "esnext",
    module: resolution === "bundler" ? "esnext" : "nodenext",
    moduleResolution: resolution,
    types: ["node"],
    skipLibCheck: false,
  };
  writeFileSync(
    join(directory, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: ["app/doors.ts"] }),
  );
  run(directory, ["node_modules/.bin/tsc", "--project", "tsconfig.json"]);
}

/** A bundle for a place that has nothing of Node's. */
async function checkBundle(directory: string, doors: readonly string[], conditions: string[]): Promise<void> {
  const { outputFiles } = await build({
    stdin: {
      contents: [
        ...doors.map((door) => `export * from ${JSON.stringify(door)};`),
        `import { registry } from ${JSON.stringify(doors[0])}; console.log(typeof registry);`,
      ].join("\n"),
      resolveDir: directory,
    },
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    conditions,
    logLevel: "silent",
  });
  const code = outputFiles[0]!.text;
  assert.doesNotMatch(code, /^\s*(?:import|export)\b[^\n]*\bfrom\s*"(?:node:|@gantry)/m);
  writeFileSync(join(directory, "app/bundle.js"), code);
}

console.log(run(root, ["deno", "task", "pack"]).trim());
const tarball = join(root, "dist", readdirSync(join(root, "dist")).find((name) => name.endsWith(".tgz"))!);

await check("the package has no tests, no TypeScript sources and no JSON modules", () => {
  const names = run(root, ["tar", "tzf", tarball]).trim().split("\n");
  assert.deepEqual(names.filter((name) => /tests?\/|bench\/|(?<!\.d)\.ts$/.test(name)), []);
  for (const name of ["package/mod.js", "package/mod.d.ts", "package/mod.js.map", "package/LICENSE"]) {
    assert.ok(names.includes(name), name);
  }
});
for (const project of projects) {
  const { name } = project;
  const directory = install(tarball, project);
  try {
    await check(`${name} imports every export`, () => {
      const counts = run(directory, [...project.run, "app/doors.js"]).trim().split("\n").map(Number);
      assert.equal(counts.length, doors.length);
      assert.ok(counts.every((count) => count > 0), String(counts));
    });
    await check(`${name} pushes, pulls and runs the command`, () => {
      assert.equal(run(directory, [...project.run, "app/round_trip.js", ...project.run]).trim(), version);
    });
    if (name === "Bun" || name === "Deno") continue;
    await check(`${name}: npx gantry`, () => {
      assert.equal(run(directory, ["npx", "gantry", "version"]).trim(), version);
    });
    for (const resolution of ["bundler", "nodenext"] as const) {
      await check(`${name}: tsc --strict, ${resolution}`, () => checkTypes(directory, resolution));
    }
    await check(`${name}: a bundle for browsers and one for Workers`, async () => {
      await checkBundle(directory, ["@gantry/oci/edge"], ["browser"]);
      await checkBundle(directory, ["@gantry/oci/edge", "@gantry/oci/server"], ["workerd", "worker"]);
      assert.equal(run(directory, [...project.run, "app/bundle.js"]).trim(), "function");
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
await stop();
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
