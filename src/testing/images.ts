import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readAll, sameBytes } from "../bytes.ts";
import { copy } from "../copy/copy.ts";
import { digestBytes } from "../digest/mod.ts";
import { emptyImage } from "../image/empty_image.ts";
import { layer } from "../image/made_layer.ts";
import { openImage } from "../image/open.ts";
import { pieces, randomBytes } from "./content.ts";
import { rejects } from "./errors.ts";
import type { Suite } from "./suite.ts";

/** The cases of whole images. */
export function testImages(suite: Suite): void {
  describe("images", () => {
    it("go in and out unchanged", async () => {
      const image = emptyImage()
        .append(layer(randomBytes(40_960), { compression: "none" }), {
          history: { created_by: "the first" },
        })
        .append(layer(() => pieces(randomBytes(20_480, 7), 4096), { compression: "none" }))
        .configure({ cmd: ["/app"], env: { A: "1" } });
      await copy(image, suite.target, { name: "image" });
      const found = await openImage(suite.medium.again(), "image");
      assert.ok(sameBytes(await found.rawManifest(), await image.rawManifest()));
      assert.ok(sameBytes(await found.rawConfigFile(), await image.rawConfigFile()));
      for (const one of await found.layers()) {
        const bytes = await readAll(await one.uncompressed(), { limit: 1e6, what: "layer" });
        assert.equal(await digestBytes(bytes), await one.diffID());
      }
    });

    it("with a one-shot layer go in in one pass", async () => {
      const once = layer(pieces(randomBytes(30_000), 1000), { compression: "none" });
      await rejects(once.digest(), "not-computed");
      await copy(emptyImage().append(once), suite.target, { name: "one-shot" });
      assert.equal(
        await (await openImage(suite.target, "one-shot")).layers().then(([one]) => one!.digest()),
        await once.digest(),
      );
      await rejects(once.compressed(), "consumed");
    });
  });
}
