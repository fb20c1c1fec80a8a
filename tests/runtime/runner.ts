/** What the suites of other runtimes share: the registry they ask, the bundle they run, the count at the end. */

import process from "node:process";
import { fileURLToPath } from "node:url";
import { build, stop } from "esbuild";
import { utf8 } from "../../src/bytes.ts";
import { type Handler, listen, type Listening } from "../../src/server/node.ts";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, layer } from "../../src/image/mod.ts";
import { server } from "../../src/server/mod.ts";
import { writeTar } from "../../src/tar/mod.ts";
import { greeting, large, noise } from "./cases.ts";

/** How long a case may take, in milliseconds. */
const patience = 20_000;

/**
 * Our own registry with the image that the cases ask for, whose blobs are in `moved` too, by way of a redirect, and in
 * `packed` one with a zstd layer. `other` answers what is not the registry's.
 */
export async function startRegistry(
  other?: Handler,
): Promise<Listening & { host: string; digest: string }> {
  const repositories = new Map([["app", memory()], ["packed", memory()]]);
  const content = utf8(greeting.content);
  const small = () =>
    writeTar([
      { type: "directory", path: "etc/" },
      { type: "file", path: greeting.path, size: content.length, readable: new Blob([content]).stream() },
    ]);
  const image = emptyImage()
    .append(layer(small, { compression: "gzip", engine: "node:zlib" }))
    .append(layer(noise(large), { compression: "none" }));
  const { descriptor } = await copy(image, repositories.get("app")!, { name: "v1" });
  const packed = emptyImage().append(layer(small, { compression: "zstd" }));
  await copy(packed, repositories.get("packed")!, { name: "v1" });
  const registry = server({
    repositories: (name) => repositories.get(name) ?? repositories.set(name, memory()).get(name)!,
    onError: (error) => console.error(error),
  });
  const listening = await listen(async (request) => {
    const { pathname } = new URL(request.url);
    if (other && !pathname.startsWith("/v2/")) return await other(request);
    if (!pathname.startsWith("/v2/moved/")) return await registry(request);
    return new Response(null, { status: 307, headers: { location: pathname.replace("moved", "app") } });
  });
  return { ...listening, host: new URL(listening.url).host, digest: descriptor.digest };
}

/** A script of this directory and all that it imports, as one file. */
export async function bundle(entry: string): Promise<string> {
  try {
    const { outputFiles } = await build({
      absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
      entryPoints: [entry],
      bundle: true,
      format: "esm",
      platform: "browser",
      // zstd-codec asks for them in Node only.
      external: ["fs", "path"],
      write: false,
    });
    return outputFiles[0]!.text;
  } finally {
    await stop();
  }
}

/** Runs cases by their names; `run` tells what is wrong with one. */
export class Report {
  passed = 0;
  failed = 0;

  async run(where: string, names: readonly string[], run: (name: string) => Promise<string>): Promise<void> {
    for (const name of names) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<string>((resolve) => {
        timer = setTimeout(resolve, patience, `no answer for ${patience / 1000} seconds`);
      });
      const wrong = await Promise.race([run(name).catch(String), late]);
      clearTimeout(timer);
      if (wrong) this.failed++;
      else this.passed++;
      console.log(`${wrong ? "FAILED" : "ok"} ${where}: ${name}${wrong && `\n${wrong}`}`);
    }
  }

  /** Says how many passed, for the exit code too. */
  end(): void {
    console.log(`\n${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed === 0 && this.passed > 0 ? 0 : 1;
  }
}
