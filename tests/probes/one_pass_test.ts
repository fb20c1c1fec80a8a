/** Probe: an image with a one-shot layer of unknown digest is pushed in one pass. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Bytes } from "../../src/bytes.ts";
import { listen } from "../../src/server/node.ts";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, layer, openImage } from "../../src/image/mod.ts";
import { registry } from "../../src/registry/mod.ts";
import { server } from "../../src/server/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";

describe("probe: a one-shot layer", () => {
  it("is pushed in one pass, while it is being made", async () => {
    const store = memory();
    const requests: string[] = [];
    const handler = server({ repositories: () => store });
    const listening = await listen((request) => {
      requests.push(`${request.method} ${new URL(request.url).pathname.replace(/[0-9a-f-]{36}/, "ID")}`);
      return handler(request);
    });
    try {
      const pieces = 200;
      let made = 0, ahead = 0;
      const stream = new ReadableStream<Bytes>({
        pull(controller) {
          if (made === pieces) return controller.close();
          if (requests.some((request) => request.startsWith("POST"))) ahead ||= made;
          controller.enqueue(randomBytes(64 * 1024, made++));
        },
      }, { highWaterMark: 0 });
      const target = registry(`${new URL(listening.url).host}/app`);
      const { descriptor } = await copy(emptyImage().append(layer(stream, { compression: "none" })), target, {
        name: "v1",
      });
      assert.equal(made, pieces);
      assert.ok(ahead <= 2, `${ahead} of ${pieces} pieces were made before the upload began`);
      assert.equal(requests.filter((request) => request.startsWith("PATCH")).length, 1);
      const image = await openImage(store, "v1");
      assert.equal(await image.digest(), descriptor.digest);
      assert.equal(await (await image.layers())[0]!.size(), pieces * 64 * 1024);
    } finally {
      await listening.close();
    }
  });
});
