import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { bindTarget } from "../../src/content/bind_target.ts";
import { GantryError, memory } from "../../src/content/mod.ts";
import { server } from "../../src/server/mod.ts";
import { mediaTypes } from "../../src/spec/mod.ts";
import { digestOf, manifestOf, pushBlob, pushImage, put, refused, registryInMemory } from "./client.ts";

const missing = `sha256:${"0".repeat(64)}`;

function indexOf(manifests: unknown[], more: Record<string, unknown> = {}): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests, ...more });
}

describe("GET and HEAD of a manifest", () => {
  it("give the bytes that were pushed, by tag and by digest", async () => {
    const { handler, send } = registryInMemory();
    const manifest = await pushImage(handler, "library/app", "v1");
    for (const reference of ["v1", digestOf(manifest)]) {
      const response = await send("GET", `/v2/library/app/manifests/${reference}`);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-type"), mediaTypes.ociManifest);
      assert.equal(response.headers.get("docker-content-digest"), digestOf(manifest));
      assert.equal(response.headers.get("content-length"), String(manifest.length));
      assert.equal(response.headers.get("etag"), `"${digestOf(manifest)}"`);
      assert.equal(response.headers.get("x-content-type-options"), "nosniff");
      assert.equal(await response.text(), manifest);

      const head = await send("HEAD", `/v2/library/app/manifests/${reference}`);
      assert.equal(head.status, 200);
      assert.deepEqual([...head.headers], [...response.headers]);
      assert.equal(head.body, null);
    }
  });

  it("keep white space, order and unknown fields", async () => {
    const { handler, send } = registryInMemory();
    await pushBlob(handler, "app", "{}");
    const { config } = JSON.parse(manifestOf("{}", []));
    const text = `{ "x": 1.50,\n\t"layers" : [],"config":${JSON.stringify(config)}, "schemaVersion":2 }\n`;
    assert.equal((await put(handler, "/v2/app/manifests/v1", text)).status, 201);
    assert.equal(await (await send("GET", "/v2/app/manifests/v1")).text(), text);
  });

  it("say that what has a digest never changes, and a tag may", async () => {
    const { handler, send } = registryInMemory();
    const digest = digestOf(await pushImage(handler, "app", "v1"));
    const said = async (path: string) => (await send("GET", path)).headers.get("cache-control");
    assert.equal(await said(`/v2/app/manifests/${digest}`), "max-age=31536000, immutable");
    assert.equal(await said(`/v2/app/blobs/${digestOf("layer")}`), "max-age=31536000, immutable");
    assert.equal(await said("/v2/app/manifests/v1"), null);
  });

  it("answer 304 to those that have it", async () => {
    const { handler, send } = registryInMemory();
    const manifest = await pushImage(handler, "app", "v1");
    const headers = { "if-none-match": `"${digestOf(manifest)}"` };
    const response = await send("GET", "/v2/app/manifests/v1", { headers });
    assert.equal(response.status, 304);
    assert.equal(response.headers.get("docker-content-digest"), digestOf(manifest));
    assert.equal(await response.text(), "");
  });

  it("answer 404 where there is none", async () => {
    const { send } = registryInMemory();
    await refused(await send("GET", "/v2/app/manifests/v1"), 404, "MANIFEST_UNKNOWN");
    await refused(await send("GET", `/v2/app/manifests/${missing}`), 404, "MANIFEST_UNKNOWN");
    const head = await send("HEAD", "/v2/app/manifests/v1");
    assert.equal(head.status, 404);
    assert.equal(head.body, null);
  });
});

describe("PUT of a manifest", () => {
  it("answers with its place and digest", async () => {
    const { handler } = registryInMemory();
    await pushBlob(handler, "app", "{}");
    const manifest = manifestOf("{}", []);
    const response = await put(handler, "/v2/app/manifests/v1", manifest);
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("location"), `/v2/app/manifests/${digestOf(manifest)}`);
    assert.equal(response.headers.get("docker-content-digest"), digestOf(manifest));
    assert.equal(response.headers.get("oci-subject"), null);
  });

  it("gives several tags beside a digest, and tells which", async () => {
    const { handler, send } = registryInMemory();
    await pushBlob(handler, "app", "{}");
    const manifest = manifestOf("{}", []);
    const digest = digestOf(manifest, "sha512");
    const response = await put(handler, `/v2/app/manifests/${digest}?tag=v1&tag=v2&tag=v1`, manifest);
    assert.deepEqual([response.status, response.headers.get("oci-tag")], [201, "v1, v2"]);
    for (const tag of ["v1", "v2"]) {
      const found = await send("HEAD", `/v2/app/manifests/${tag}`);
      assert.equal(found.headers.get("docker-content-digest"), digest);
    }
    for (const query of ["?tag=a%20b", "?tag="]) {
      assert.equal((await put(handler, `/v2/app/manifests/${digest}${query}`, manifest)).status, 400);
    }
    assert.equal((await put(handler, `/v2/app/manifests/v1?tag=v3`, manifest)).status, 400);
    const many = Array.from({ length: 101 }, (_, i) => `tag=v${i}`).join("&");
    assert.equal((await put(handler, `/v2/app/manifests/${digest}?${many}`, manifest)).status, 414);
    assert.deepEqual((await (await send("GET", "/v2/app/tags/list")).json()).tags, ["v1", "v2"]);
  });

  it("takes what names something that is not there where manifests may be sparse", async () => {
    const target = memory();
    const handler = server({ repositories: () => target, sparse: true });
    const manifest = manifestOf("{}", ["layer"]);
    assert.equal((await put(handler, "/v2/app/manifests/v1", manifest)).status, 201);
    await pushBlob(handler, "app", "layer");
    const wrong = manifest.replace('"size":5', '"size":6');
    assert.notEqual(wrong, manifest);
    assert.equal((await put(handler, "/v2/app/manifests/v2", wrong)).status, 400);
  });

  it("takes a manifest under its sha512", async () => {
    const { handler, send } = registryInMemory();
    await pushBlob(handler, "app", "{}");
    const manifest = manifestOf("{}", []);
    const digest = digestOf(manifest, "sha512");
    assert.equal((await put(handler, `/v2/app/manifests/${digest}`, manifest)).status, 201);
    assert.equal(await (await send("GET", `/v2/app/manifests/${digest}`)).text(), manifest);
  });

  it("goes by the document where the Content-Type says nothing", async () => {
    const { handler, send } = registryInMemory();
    await pushBlob(handler, "app", "{}");
    for (const type of ["application/json", `${mediaTypes.ociManifest}; charset=utf-8`]) {
      assert.equal((await put(handler, "/v2/app/manifests/v1", manifestOf("{}", []), type)).status, 201);
    }
    const response = await send("PUT", "/v2/app/manifests/v2", {
      body: new TextEncoder().encode(manifestOf("{}", [])),
    });
    assert.equal(response.status, 201);
    assert.equal(
      (await send("HEAD", "/v2/app/manifests/v2")).headers.get("content-type"),
      mediaTypes.ociManifest,
    );
  });

  it("says when a repository lists as many as it can", async () => {
    const target = memory();
    const full = () => Promise.reject(new GantryError("too-large", "write /srv/index.json: it would have …"));
    const handler = server({ repositories: () => target });
    const manifest = await pushImage(handler, "app", "v1");
    for (const method of ["write", "tag"] as const) {
      const bound = { ...bindTarget(target), [method]: full };
      const path = `/v2/app/manifests/${digestOf(manifest)}?tag=a&tag=b`;
      const response = await put(server({ repositories: () => bound }), path, manifest);
      const [error] = await refused(response, 413, "SIZE_INVALID");
      assert.match(error!.message, /delete some first$/);
    }
  });

  it("moves a tag", async () => {
    const { handler, send } = registryInMemory();
    const first = await pushImage(handler, "app", "v1");
    const second = await pushImage(handler, "app", "v1", { annotations: { a: "b" } });
    assert.equal(await (await send("GET", "/v2/app/manifests/v1")).text(), second);
    assert.equal(await (await send("GET", `/v2/app/manifests/${digestOf(first)}`)).text(), first);
  });

  it("refuses documents that are not what they say", async () => {
    const { handler, repository } = registryInMemory();
    const manifest = manifestOf("{}", []);
    const index = indexOf([]);
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const cases: [string, string][] = [
      [manifest, mediaTypes.ociIndex],
      [index, mediaTypes.ociManifest],
      [manifest, mediaTypes.dockerManifest],
      [manifest, "text/html"],
      [indexOf([], { layers: [] }), mediaTypes.ociIndex],
      [manifest.replace("{", '{"schemaVersion":2,'), mediaTypes.ociManifest],
      ["", mediaTypes.ociManifest],
      ["null", mediaTypes.ociManifest],
      ["{", mediaTypes.ociManifest],
      [deep, mediaTypes.ociManifest],
      [manifest.replace("sha256:", "sha256:../"), mediaTypes.ociManifest],
      ['{"schemaVersion":1,"fsLayers":[],"signatures":[]}', mediaTypes.dockerSchema1Signed],
    ];
    for (const [document, type] of cases) {
      await refused(await put(handler, "/v2/app/manifests/v1", document, type), 400, "MANIFEST_INVALID");
    }
    assert.deepEqual(await Array.fromAsync(repository("app").names()), []);
  });

  it("refuses a digest that is not the document's", async () => {
    const { handler, send } = registryInMemory();
    await pushBlob(handler, "app", "{}");
    const path = `/v2/app/manifests/${missing}`;
    await refused(await put(handler, path, manifestOf("{}", [])), 400, "DIGEST_INVALID");
    assert.equal((await send("GET", path)).status, 404);
  });

  it("takes 4 MiB, and stops reading where the limit is exceeded", async () => {
    const { handler, send } = registryInMemory();
    await pushBlob(handler, "app", "{}");
    const large = manifestOf("{}", [], { annotations: { x: "y".repeat(4 * 1024 * 1024) } });
    assert.equal((await put(handler, "/v2/app/manifests/v1", large)).status, 201);

    const headers = { "content-type": mediaTypes.ociManifest };
    const unread = new ReadableStream({ pull: () => assert.fail("the body is read") }, { highWaterMark: 0 });
    const told = { ...headers, "content-length": String(1 << 30) };
    await refused(
      await send("PUT", "/v2/app/manifests/v2", { headers: told, body: unread }),
      413,
      "SIZE_INVALID",
    );

    let sent = 0;
    let cancelled = false;
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(1024 * 1024).fill(32));
        sent++;
      },
      cancel: () => void (cancelled = true),
    });
    await refused(await send("PUT", "/v2/app/manifests/v2", { headers, body }), 413, "SIZE_INVALID");
    assert.ok(sent < 16, `${sent} MiB were read`);
    assert.ok(cancelled);
  });
});

describe("DELETE of a manifest", () => {
  it("by tag takes the tag alone", async () => {
    const { handler, send } = registryInMemory();
    const digest = digestOf(await pushImage(handler, "app", "v1"));
    await pushImage(handler, "app", "v2");
    assert.equal((await send("DELETE", "/v2/app/manifests/v1")).status, 202);
    assert.equal((await send("GET", "/v2/app/manifests/v1")).status, 404);
    assert.equal((await send("GET", "/v2/app/manifests/v2")).status, 200);
    assert.equal((await send("GET", `/v2/app/manifests/${digest}`)).status, 200);
    await refused(await send("DELETE", "/v2/app/manifests/v1"), 404, "MANIFEST_UNKNOWN");
  });

  it("by digest takes its tags too", async () => {
    const { handler, send } = registryInMemory();
    const digest = digestOf(await pushImage(handler, "app", "v1"));
    await pushImage(handler, "app", "v2");
    assert.equal((await send("DELETE", `/v2/app/manifests/${digest}`)).status, 202);
    for (const reference of ["v1", "v2", digest]) {
      assert.equal((await send("GET", `/v2/app/manifests/${reference}`)).status, 404);
    }
    await refused(await send("DELETE", `/v2/app/manifests/${digest}`), 404, "MANIFEST_UNKNOWN");
  });
});
