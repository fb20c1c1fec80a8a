/** Probe: a blob is mounted, not sent, when its source is a registry behind an overlay and a cache. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listen } from "../../src/server/node.ts";
import { type Memory, memory, overlay } from "../../src/content/mod.ts";
import { cached } from "../../src/content/mod.ts";
import { copy, type CopyEvent } from "../../src/copy/mod.ts";
import { emptyImage, layer, openImage } from "../../src/image/mod.ts";
import { registry } from "../../src/registry/mod.ts";
import { server } from "../../src/server/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";

describe("probe: mounting", () => {
  it("works through an overlay and a cache", async () => {
    const repositories = new Map<string, Memory>([["base", memory()], ["app", memory()]]);
    const handler = server({ repositories: (name) => repositories.get(name)! });
    const requests: string[] = [];
    const listening = await listen((request) => {
      const { pathname, search } = new URL(request.url);
      requests.push(`${request.method} ${pathname}${search}`);
      return handler(request);
    });
    try {
      const host = new URL(listening.url).host;
      await copy(
        emptyImage().append(layer(randomBytes(50_000), { compression: "none" })),
        repositories.get("base")!,
        { name: "v1" },
      );
      const source = overlay(memory(), cached(registry(`${host}/base`), memory()));
      const image = (await openImage(source, "v1")).configure({ cmd: ["/app"] });
      const events: CopyEvent[] = [];
      await copy(image, registry(`${host}/app`), { name: "v1", progress: (event) => events.push(event) });
      const hows = events.flatMap((event) => event.type === "done" ? [event.how] : []);
      assert.deepEqual(hows, ["mounted", "written", "written"]);
      const [only] = await (await openImage(repositories.get("app")!, "v1")).layers();
      const digest = await only!.digest();
      assert.ok(requests.some((request) => request.startsWith("POST") && request.includes("from=base")));
      assert.ok(
        !requests.some((request) => request.includes(`GET /v2/base/blobs/${digest}`)),
        "the blob was read",
      );
    } finally {
      await listening.close();
    }
  });
});
