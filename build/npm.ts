/**
 * Makes the npm package in `dist`: `deno task pack`. It holds plain JavaScript with source maps, and declarations for
 * every export.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { copyFileSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const staged = join(root, "dist/npm");

interface Manifest extends Record<string, unknown> {
  bin: Record<string, string>;
  exports: Record<string, string>;
  sideEffects: string[];
}

function run(program: string, args: string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" });
  if (status === 0) return stdout;
  process.stderr.write(stdout + stderr);
  process.exit(1);
}

/** Compiles what the exports reach, each file for itself. */
function compile(entries: string[]): void {
  const options = {
    extends: "../src/tsconfig.json",
    compilerOptions: {
      noEmit: false,
      outDir: "npm",
      rootDir: "..",
      declaration: true,
      sourceMap: true,
      inlineSources: true,
      typeRoots: ["../node_modules/@types"],
    },
    include: [],
    files: entries.map((entry) => `../${entry}`),
  };
  writeFileSync(join(root, "dist/tsconfig.json"), JSON.stringify(options));
  run("node", ["node_modules/typescript/bin/tsc", "--project", "dist/tsconfig.json"], root);
}

/** The compiler leaves `./file.ts` in declarations; there are only `./file.js` and its declaration in the package. */
function renameInDeclarations(): void {
  for (const name of readdirSync(staged, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".d.ts")) continue;
    const path = join(staged, name);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/(\bfrom |\bimport\()"(\.{1,2}\/[^"]+)\.ts"/g, '$1"$2.js"'));
  }
}

const compiled = (path: string) => path.replace(/\.ts$/, ".js");

/** The package's package.json: that of the tree, with the compiled files in place of the sources. */
function writeManifest(manifest: Manifest): void {
  const { private: _, devDependencies: __, ...kept } = manifest;
  const exports = Object.entries(manifest.exports).map(([door, path]) => [door, {
    types: path.replace(/\.ts$/, ".d.ts"),
    default: compiled(path),
  }]);
  const json = {
    ...kept,
    bin: Object.fromEntries(Object.entries(manifest.bin).map(([name, path]) => [name, compiled(path)])),
    exports: { ...Object.fromEntries(exports), "./package.json": "./package.json" },
    sideEffects: manifest.sideEffects.map(compiled),
    engines: { node: ">=20" },
  };
  writeFileSync(join(staged, "package.json"), `${JSON.stringify(json, null, 2)}\n`);
}

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
rmSync(staged, { recursive: true, force: true });
for (const name of globSync("dist/*.tgz", { cwd: root })) rmSync(join(root, name));
mkdirSync(staged, { recursive: true });
compile(Object.values(manifest.exports));
renameInDeclarations();
writeManifest(manifest);
for (const name of ["README.md", "LICENSE", "CHANGELOG.md"]) {
  copyFileSync(join(root, name), join(staged, name));
}
const [packed] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", ".."], staged)) as {
  filename: string;
  size: number;
  entryCount: number;
}[];
console.log(`dist/${packed!.filename}: ${packed!.entryCount} files, ${(packed!.size / 1000).toFixed(0)} kB`);
