import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { fake, type Reply } from "./fake.ts";
import { rejects } from "../../src/testing/errors.ts";
import { digest, full, get, head, headers, other, text, type } from "./manifest_replies.ts";

describe("resolving a tag", () => {
  it("asks for the head alone", async () => {
    const { app, calls, seen } = fake({ [head]: headers() });
    assert.deepEqual(await app.resolve("v1"), { descriptor: { mediaType: type, digest, size: text.length } });
    assert.deepEqual(calls(), [head]);
    assert.equal(
      seen[0]!.headers.get("accept"),
      "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, " +
        "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, " +
        "application/vnd.docker.distribution.manifest.v1+json, application/vnd.docker.distribution.manifest.v1+prettyjws",
    );
    assert.equal(seen[0]!.headers.get("accept-encoding"), "identity");
  });

  it("asks for all of it where the head does not tell enough", async () => {
    const bad: Record<string, string>[] = [
      { "docker-content-digest": "" },
      { "docker-content-digest": "sha256:../../x" },
      { "docker-content-digest": digest.toUpperCase() },
      { "docker-content-digest": "blake3:00" },
      { "content-length": "0" },
      { "content-length": "" },
      { "content-type": "application/json" },
      { "content-type": "text/html" },
      { "content-encoding": "gzip" },
    ];
    for (const more of bad) {
      const { app, calls } = fake({ [head]: headers(more), [get]: full });
      assert.deepEqual(await app.resolve("v1"), {
        descriptor: { mediaType: type, digest, size: text.length },
      });
      assert.deepEqual(calls(), [head, get], JSON.stringify(more));
    }
  });

  it("asks again with GET where HEAD is refused, for the reason", async () => {
    for (const status of [403, 405, 400]) {
      const { app } = fake({ [head]: { status }, [get]: full });
      assert.equal((await app.resolve("v1")).descriptor.digest, digest);
      const body = '{"errors":[{"code":"DENIED","message":"not for you"}]}';
      const denied = fake({ [head]: { status }, [get]: { status: 403, body } });
      await rejects(
        denied.app.resolve("v1"),
        "denied",
        /^resolve reg\.test\/app:v1: 403 DENIED: not for you/,
      );
    }
  });

  it("is not-found without another question", async () => {
    const { app, calls } = fake({ [head]: { status: 404 } });
    await rejects(app.resolve("v1"), "not-found", /^resolve reg\.test\/app:v1: 404 not-found$/);
    assert.deepEqual(calls(), [head]);
  });

  it("brings the bytes in one request, and believes them alone", async () => {
    const lies = { ...full.headers, "docker-content-digest": other };
    for (
      const one of [full, { ...full, headers: lies }, {
        ...full,
        headers: { "content-type": `${type}; charset=utf-8` },
      }]
    ) {
      const { app, calls } = fake({ [get]: one });
      const { descriptor, document } = await app.resolve("v1", { document: true });
      assert.deepEqual(descriptor, { mediaType: type, digest, size: text.length });
      assert.equal(new TextDecoder().decode(document), text);
      assert.deepEqual(calls(), [get]);
    }
  });

  it("keeps the registry's algorithm where the bytes bear it out", async () => {
    const sha512 = await digestBytes(utf8(text), "sha512");
    const { app } = fake({
      [get]: { ...full, headers: { "content-type": type, "docker-content-digest": sha512 } },
    });
    assert.equal((await app.resolve("v1", { document: true })).descriptor.digest, sha512);
  });

  it("goes by the document where the registry names no type", async () => {
    for (const mediaType of ["", "application/json", "text/plain", "application/octet-stream"]) {
      const { app } = fake({ [get]: { headers: { "content-type": mediaType }, body: text } });
      assert.equal((await app.resolve("v1", { document: true })).descriptor.mediaType, type);
    }
  });

  it("refuses what is none, or more than one, or not what it came as", async () => {
    const manifest = "application/vnd.oci.image.manifest.v1+json";
    const bad: [string, string, ErrorCode][] = [
      ["", "<html>", "invalid-document"],
      [type, text.slice(0, -1), "invalid-document"],
      [manifest, text, "invalid-document"],
      [type, `${text.slice(0, -1)},"layers":[],"config":{}}`, "invalid-document"],
      ["text/html", text, "unsupported"],
      [
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        '{"schemaVersion":1}',
        "invalid-document",
      ],
    ];
    for (const [mediaType, body, code] of bad) {
      const { app } = fake({ [get]: { headers: { "content-type": mediaType }, body } });
      await rejects(app.resolve("v1", { document: true }), code);
    }
  });

  it("reads no more than the limit, told or not", async () => {
    const large = `{"schemaVersion":2,"manifests":[],"x":"${"y".repeat(5000)}"}`;
    for (const more of [{}, { "content-length": "" }] as Record<string, string>[]) {
      const reply: Reply = { headers: { "content-type": type, ...more }, body: large };
      const { app } = fake({ [get]: reply }, { limits: { manifest: 4000 } });
      await rejects(app.resolve("v1", { document: true }), "too-large");
    }
  });

  it("notices a body that is shorter than its length", async () => {
    const { app, seen } = fake({
      [get]: { ...full, headers: { ...full.headers, "content-length": "1000" } },
    });
    await rejects(app.resolve("v1", { document: true }), "unavailable", /bytes came, 1000 were announced/);
    assert.equal(seen.length, 4);
  });

  it("undoes a compression that the runtime left alone", async () => {
    const { app } = fake({
      [get]: {
        headers: { "content-type": type, "content-encoding": "gzip" },
        body: new Uint8Array(gzipSync(text)),
      },
    });
    assert.equal((await app.resolve("v1", { document: true })).descriptor.digest, digest);
  });

  it("by anything else is refused before anything is sent", async () => {
    const { app, seen } = fake({});
    for (const name of ["../x", "a/b", "-x", "", "v1?x", "a".repeat(129), ".."]) {
      await rejects(app.resolve(name), "invalid-name");
    }
    await rejects(app.resolve("sha256:abc"), "invalid-digest");
    await rejects(app.resolve("md5:d41d8cd98f00b204e9800998ecf8427e"), "unsupported");
    await rejects(app.open({ digest: "sha256:../.." as never }), "invalid-digest");
    assert.equal(seen.length, 0);
  });
});

describe("resolving a digest", () => {
  it("needs no digest from the registry, and takes no other", async () => {
    const by = { [`HEAD /v2/app/manifests/${digest}`]: headers({ "docker-content-digest": "" }) };
    assert.equal((await fake(by).app.resolve(digest)).descriptor.digest, digest);
    const wrong = fake({
      [`GET /v2/app/manifests/${other}`]: {
        ...full,
        headers: { ...full.headers, "docker-content-digest": other },
      },
    });
    await rejects(wrong.app.resolve(other, { document: true }), "digest-mismatch");
  });
});

describe("opening a manifest", () => {
  it("gives its bytes, or some", async () => {
    const { app } = fake({ [`GET /v2/app/manifests/${digest}`]: full });
    const read = async (options?: object) =>
      await new Response(await app.open({ digest, mediaType: type }, options)).text();
    assert.equal(await read(), text);
    assert.equal(await read({ start: 3, end: 9 }), text.slice(3, 9));
    assert.equal(await new Response(await app.open({ digest }, { role: "manifest" })).text(), text);
  });

  it("refuses other bytes", async () => {
    const { app } = fake({ [`GET /v2/app/manifests/${other}`]: full });
    await rejects(app.open({ digest: other }, { role: "manifest" }), "digest-mismatch");
  });
});
