/** Probe: garbage collection of a layout during a copy loses nothing. */

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, layer, openImage, openRoot } from "../../src/image/mod.ts";
import { layout } from "../../src/layout/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";

describe("probe: garbage collection during a copy", () => {
  it("loses nothing, what was there as garbage before included", async () => {
    const directory = await mkdtemp(join(tmpdir(), "gantry-probe-"));
    try {
      const source = memory();
      let image = emptyImage();
      for (let n = 0; n < 24; n++) image = image.append(layer(randomBytes(20_000), { compression: "none" }));
      await copy(image, source, { name: "v1" });
      const root = await openRoot(source, "v1");
      // Half of the layers lie there already, and nothing names them.
      for (const one of (await image.layers()).slice(0, 12)) {
        await layout(directory).write(await one.content());
      }

      let copying = true, collections = 0;
      const done = copy(root, layout(directory), { name: "v1", concurrency: 2 }).finally(() =>
        copying = false
      );
      const collector = layout(directory);
      while (copying) {
        await collector.gc({ grace: 0 });
        collections++;
      }
      await done;
      assert.ok(collections > 1, `${collections} collections ran`);
      await collector.gc({ grace: 0 });
      for (const one of await (await openImage(layout(directory), "v1")).layers()) {
        await (await one.compressed()).pipeTo(new WritableStream());
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
