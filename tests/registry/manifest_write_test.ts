import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { fake, type Reply } from "./fake.ts";
import { plainContent } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";
import { digest, full, get, head, headers, other, put, text, type } from "./manifest_replies.ts";

describe("writing a manifest", () => {
  const content = plainContent(utf8(text), { mediaType: type, digest });
  const created: Reply = { status: 201, headers: { "docker-content-digest": digest } };

  it("sends its bytes as they are, with its type and length", async () => {
    const { app, seen, calls } = fake({ [head]: { status: 404 }, [put]: created });
    const written = await app.write(content, { name: "v1" });
    assert.deepEqual(written, { descriptor: { mediaType: type, digest, size: text.length }, how: "written" });
    assert.deepEqual(calls(), [head, put]);
    assert.equal(new TextDecoder().decode(seen[1]!.body), text);
    assert.equal(seen[1]!.headers.get("content-type"), type);
  });

  it("sends nothing that is there, under its tag or its digest", async () => {
    const { app, calls } = fake({ [head]: headers(), [`HEAD /v2/app/manifests/${digest}`]: headers() });
    assert.equal((await app.write(content, { name: "v1" })).how, "present");
    assert.equal((await app.write(content)).how, "present");
    assert.equal(calls().length, 2);
  });

  it("is put off neither by a denied HEAD nor by another manifest under the name", async () => {
    for (const reply of [{ status: 403 }, { status: 401 }, headers({ "docker-content-digest": other })]) {
      const { app } = fake({ [head]: reply, [get]: reply, [put]: created, "GET /v2/": {} });
      assert.equal((await app.write(content, { name: "v1" })).how, "written");
    }
  });

  it("with another digest than sha256 is put under that, and then under its name", async () => {
    const sha512 = await digestBytes(utf8(text), "sha512");
    const { app, calls } = fake({
      [head]: { status: 404 },
      [`PUT /v2/app/manifests/${sha512}`]: created,
      [put]: created,
    });
    await app.write({ ...content, digest: sha512 }, { name: "v1" });
    assert.deepEqual(calls(), [head, `PUT /v2/app/manifests/${sha512}`, put]);
  });

  it("of too many bytes, or of others than it says, sends nothing", async () => {
    const { app, seen } = fake({}, { limits: { manifest: 10 } });
    await rejects(app.write(content, { name: "v1" }), "too-large");
    await rejects(fake({}).app.write({ ...content, digest: other }), "digest-mismatch");
    await rejects(fake({}).app.write({ ...content, size: 3 }), "size-mismatch");
    assert.equal(seen.length, 0);
  });
});

describe("tagging", () => {
  const byDigest = `GET /v2/app/manifests/${digest}`;
  const descriptor = { mediaType: type, digest, size: text.length };

  it("puts the manifest's bytes under the name", async () => {
    const { app, calls, seen } = fake({ [head]: { status: 404 }, [byDigest]: full, [put]: { status: 201 } });
    await app.tag("v1", descriptor);
    assert.deepEqual(calls(), [head, byDigest, put]);
    assert.equal(new TextDecoder().decode(seen[2]!.body), text);
  });

  it("does nothing where the name is right, as immutable tags refuse even that", async () => {
    const { app, calls } = fake({ [head]: headers() });
    await app.tag("v1", descriptor);
    await app.tag("v1", descriptor, { expect: digest });
    assert.deepEqual(calls(), [head, head]);
  });

  it("looks first whether the name is as expected", async () => {
    const taken = fake({ [head]: headers({ "docker-content-digest": other }) });
    await rejects(
      taken.app.tag("v1", descriptor, { expect: null }),
      "conflict",
      /it is sha256:\S+, expected free/,
    );
    await rejects(taken.app.tag("v1", descriptor, { expect: digest }), "conflict");
    const free = fake({ [head]: { status: 404 } });
    await rejects(free.app.tag("v1", descriptor, { expect: digest }), "conflict", /it is free/);
  });
});
