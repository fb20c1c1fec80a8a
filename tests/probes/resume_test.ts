/** Probe: a copy that is killed half-way goes on where it stopped and reads next to nothing again. */

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { listen } from "../../src/server/node.ts";
import type { Target } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, layer, openImage } from "../../src/image/mod.ts";
import { layout, layouts } from "../../src/layout/mod.ts";
import { registry } from "../../src/registry/mod.ts";
import { server } from "../../src/server/mod.ts";
import { pieces, randomBytes } from "../../src/testing/content.ts";
import { startScript } from "../support/spawn.ts";

const size = 128 * 1024 * 1024;

async function probe(
  to: (directory: string, host: string) => { place: string; target: Target },
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "gantry-probe-"));
  // Two hosts, or the blob would be mounted.
  const source = layouts(join(directory, "from"));
  const from = await listen(server({ repositories: source }));
  const listening = await listen(server({ repositories: layouts(join(directory, "registry")) }));
  try {
    const made = emptyImage().append(layer(pieces(randomBytes(size), 1024 * 1024), { compression: "none" }));
    const { descriptor } = await copy(made, source("app"), { name: "v1" });
    const { place, target } = to(directory, new URL(listening.url).host);
    const args = [`${new URL(from.url).host}/app`, place, join(directory, "sessions")];
    const run = () => startScript(new URL("./copy_child.ts", import.meta.url), args);

    const first = run();
    first.child.stdout!.on("data", (chunk: Uint8Array) => {
      const lines = new TextDecoder().decode(chunk).trim().split("\n");
      if (lines.some((line) => Number(line) >= size / 2)) first.child.kill("SIGKILL");
    });
    const killed = await first.ended;
    const read = Number(killed.stdout.trim().split("\n").at(-1));
    assert.ok(read >= size / 2 && read < size, `${read} bytes before the kill: ${killed.stderr}`);

    const second = await run().ended;
    assert.equal(second.code, 0, second.stderr);
    const again = read - Number(/^from (\d+)$/m.exec(second.stdout)![1]);
    console.log(`${again} of ${size} bytes were read again, ${(100 * again / size).toFixed(2)} %`);
    assert.ok(again <= size / 100, `${again} of ${size} bytes were read again`);
    assert.equal(Number(second.stdout.trim().split("\n").at(-1)), size);

    const image = await openImage(target, "v1");
    assert.equal(await image.digest(), descriptor.digest);
    const [only] = await image.layers();
    await (await only!.compressed()).pipeTo(new WritableStream());
  } finally {
    await Promise.all([from.close(), listening.close()]);
    await rm(directory, { recursive: true, force: true });
  }
}

describe("probe: a killed copy goes on", () => {
  it("into a layout", () =>
    probe((directory) => {
      const place = join(directory, "layout");
      return { place, target: layout(place) };
    }));

  it("into a registry", () =>
    probe((_directory, host) => ({ place: `${host}/to`, target: registry(`${host}/to`) })));
});
