/** Probe: one upload whose POST, PATCHes and PUT go to two servers over one layout. */

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readAll, sameBytes } from "../../src/bytes.ts";
import { listen } from "../../src/server/node.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { layouts } from "../../src/layout/mod.ts";
import { server } from "../../src/server/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";

describe("probe: one upload over two servers", () => {
  it("takes each request at either", async () => {
    const directory = await mkdtemp(join(tmpdir(), "gantry-probe-"));
    const servers = await Promise.all([1, 2].map(() => listen(server({ repositories: layouts(directory) }))));
    try {
      let turn = 0;
      const send = (path: string, init: RequestInit) => fetch(new URL(path, servers[turn++ % 2]!.url), init);
      const bytes = randomBytes(5_000_000);
      const digest = await digestBytes(bytes);
      const begun = await send("/v2/app/blobs/uploads/", { method: "POST" });
      assert.equal(begun.status, 202);
      let location = begun.headers.get("location")!;
      const ends = [1_000_000, 1_000_001, 3_500_000, 5_000_000];
      let start = 0;
      for (const end of ends) {
        const headers = {
          "content-range": `${start}-${end - 1}`,
          "content-type": "application/octet-stream",
        };
        const sent = await send(location, { method: "PATCH", headers, body: bytes.slice(start, end) });
        assert.equal(sent.status, 202, await sent.text());
        assert.equal(sent.headers.get("range"), `0-${end - 1}`);
        location = sent.headers.get("location")!;
        start = end;
      }
      const url = `${location}${location.includes("?") ? "&" : "?"}digest=${digest}`;
      const put = await send(url, { method: "PUT" });
      assert.equal(put.status, 201, await put.text());
      for (const { url } of servers) {
        const got = await fetch(`${url}/v2/app/blobs/${digest}`);
        assert.ok(sameBytes(await readAll(got.body!, { limit: 1e7, what: "blob" }), bytes));
      }
    } finally {
      await Promise.all(servers.map((one) => one.close()));
      await rm(directory, { recursive: true, force: true });
    }
  });
});
