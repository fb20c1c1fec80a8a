import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layouts } from "../../src/layout/mod.ts";
import { server } from "../../src/server/mod.ts";
import { mediaTypes } from "../../src/spec/mod.ts";
import { digestOf, pushBlob, pushImage, put, refused, type Send, send } from "./client.ts";

type Sender = (method: string, path: string, options?: Send) => Promise<Response>;

/** Two servers that share nothing but a directory; every request goes to the other one than the last. */
async function alternating(work: (send: Sender, root: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "gantry-server-"));
  const servers = [layouts(root), layouts(root)].map((repositories) =>
    server({ repositories, catalog: () => repositories.repositories() })
  );
  let turn = 0;
  try {
    await work((...args) => send(servers[turn++ % 2]!, ...args), root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function handlerOf(send: Sender) {
  return async (request: Request) => {
    const { pathname, search } = new URL(request.url);
    const body = new Uint8Array(await request.arrayBuffer());
    return await send(request.method, pathname + search, {
      headers: Object.fromEntries(request.headers),
      body: body.byteLength > 0 ? body : null,
    });
  };
}

describe("servers over one directory of layouts", () => {
  it("take one upload together", () =>
    alternating(async (send) => {
      const started = await send("POST", "/v2/app/blobs/uploads/");
      const path = started.headers.get("location")!;
      const pieces = Array.from({ length: 5 }, (_, i) => String(i).repeat(1000));
      for (const [i, body] of pieces.entries()) {
        const headers = { "content-range": `${i * 1000}-${i * 1000 + 999}` };
        assert.equal((await send("PATCH", path, { headers, body })).status, 202);
      }
      await refused(
        await send("PATCH", path, { headers: { "content-range": "0-3" }, body: "late" }),
        416,
        "BLOB_UPLOAD_INVALID",
      );
      assert.equal((await send("GET", path)).headers.get("range"), "0-4999");
      const digest = digestOf(pieces.join(""));
      assert.equal((await send("PUT", `${path}?digest=${digest}`)).status, 201);
      for (let i = 0; i < 2; i++) {
        assert.equal(await (await send("GET", `/v2/app/blobs/${digest}`)).text(), pieces.join(""));
        await refused(await send("GET", path), 404, "BLOB_UPLOAD_UNKNOWN");
      }
    }));

  it("know no upload of another repository, though they keep them in one place", () =>
    alternating(async (send) => {
      const path = (await send("POST", "/v2/app/blobs/uploads/")).headers.get("location")!;
      const other = path.replace("/v2/app/", "/v2/other/");
      for (const method of ["GET", "PATCH", "DELETE"]) {
        await refused(await send(method, other), 404, "BLOB_UPLOAD_UNKNOWN");
      }
      assert.equal((await send("DELETE", path)).status, 204);
      await refused(await send("PATCH", path, { body: "x" }), 404, "BLOB_UPLOAD_UNKNOWN");
    }));

  it("serve, list, mount and delete what either of them took", () =>
    alternating(async (send) => {
      const handler = handlerOf(send);
      const manifest = await pushImage(handler, "library/app", "v1");
      await pushBlob(handler, "library/app", "a longer blob than that");
      for (let i = 0; i < 2; i++) {
        assert.equal(await (await send("GET", "/v2/library/app/manifests/v1")).text(), manifest);
        const { tags } = await (await send("GET", "/v2/library/app/tags/list")).json();
        assert.deepEqual(tags, ["v1"]);
        assert.deepEqual((await (await send("GET", "/v2/_catalog")).json()).repositories, ["library/app"]);
        const range = { range: "bytes=2-7" };
        const path = `/v2/library/app/blobs/${digestOf("a longer blob than that")}`;
        assert.equal(await (await send("GET", path, { headers: range })).text(), "longer");
      }
      const mount = `/v2/other/blobs/uploads/?mount=${digestOf("layer")}&from=library/app`;
      assert.equal((await send("POST", mount)).status, 201);
      assert.equal(await (await send("GET", `/v2/other/blobs/${digestOf("layer")}`)).text(), "layer");
      await refused(await send("GET", "/v2/other/manifests/v1"), 404, "MANIFEST_UNKNOWN");
      await refused(await send("GET", `/v2/other/manifests/${digestOf(manifest)}`), 404, "MANIFEST_UNKNOWN");

      assert.equal((await send("DELETE", "/v2/library/app/manifests/v1")).status, 202);
      assert.equal((await send("GET", "/v2/library/app/manifests/v1")).status, 404);
      assert.equal((await send("DELETE", `/v2/library/app/manifests/${digestOf(manifest)}`)).status, 202);
      assert.equal((await send("GET", `/v2/library/app/manifests/${digestOf(manifest)}`)).status, 404);
    }));

  it("say why they do not delete a manifest that an index names", () =>
    alternating(async (send) => {
      const handler = handlerOf(send);
      const child = await pushImage(handler, "app", "v1");
      const { mediaType } = JSON.parse(child);
      const manifests = [{ mediaType, digest: digestOf(child), size: child.length }];
      const index = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
      assert.equal((await put(handler, "/v2/app/manifests/all", index, mediaTypes.ociIndex)).status, 201);
      const path = `/v2/app/manifests/${digestOf(child)}`;
      const [error] = await refused(await send("DELETE", path), 405, "UNSUPPORTED");
      assert.match(error!.message, /an index that names it/);
      assert.equal(await (await send("GET", path)).text(), child);
      assert.equal((await send("DELETE", `/v2/app/manifests/${digestOf(index)}`)).status, 202);
      assert.equal((await send("DELETE", path)).status, 202);
      await refused(await send("GET", path), 404, "MANIFEST_UNKNOWN");
    }));

  it("answer for a repository that nobody has written to", () =>
    alternating(async (send) => {
      await refused(await send("GET", "/v2/none/manifests/v1"), 404, "MANIFEST_UNKNOWN");
      await refused(await send("GET", `/v2/none/blobs/${digestOf("x")}`), 404, "BLOB_UNKNOWN");
      assert.deepEqual(
        (await (await send("GET", `/v2/none/referrers/${digestOf("x")}`)).json()).manifests,
        [],
      );
      await refused(await send("GET", "/v2/none/tags/list"), 404, "NAME_UNKNOWN");
    }));
});
