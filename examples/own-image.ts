/**
 * Makes an image of one executable on nothing, without Docker and without a Dockerfile: the executable, and the
 * libraries that `ldd` says it needs.
 *
 *     deno task build
 *     deno run -A examples/own-image.ts dist/gantry localhost:5000/gantry:v1
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { copy, emptyImage, layer } from "@gantry/oci";
import { writeTar } from "@gantry/oci/tar";

const [, , executable = "dist/gantry", to = "localhost:5000/gantry:v1"] = process.argv;

/** Where each file comes from, by its path in the image. */
const files = new Map([[`usr/bin/${basename(executable)}`, executable]]);
// "libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)", and "/lib64/ld-linux-x86-64.so.2 (0x…)"
for (const [, path] of execFileSync("ldd", [executable], { encoding: "utf8" }).matchAll(/(\/\S+) \(/g)) {
  files.set(path!.slice(1), path!);
}

async function* entries() {
  for (const [path, from] of [...files].sort()) {
    const { size } = statSync(from);
    const readable = new Blob([readFileSync(from)]).stream();
    yield { type: "file" as const, path, size, readable, options: { mode: 0o755 } };
  }
}

const os = "linux", architecture = process.arch === "x64" ? "amd64" : "arm64";
const image = emptyImage({ os, architecture })
  .append(layer(() => writeTar(entries())))
  .configure({ entrypoint: [`/usr/bin/${basename(executable)}`] });
const { descriptor } = await copy(image, to);
console.log(`${to}@${descriptor.digest}`);
