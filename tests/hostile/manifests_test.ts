/** Writing, tagging and deleting manifests at registries as they are. The ids are explained in docs/quirks.md. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, utf8 } from "../../src/bytes.ts";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { addManifest, emptyImage, emptyIndex, layer, openImage } from "../../src/image/mod.ts";
import { mediaTypes } from "../../src/spec/media_type.ts";
import { plainContent } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";
import { signedSchema1 } from "../support/schema1.ts";
import type { RawRequest } from "./raw_server.ts";
import { type Answer, type Script, scripted } from "./scripted.ts";

const type = mediaTypes.ociManifest;
const blobs = await Promise.all(["config", "one", "two"].map(async (text) => {
  const bytes = utf8(text);
  return { bytes, digest: await digestBytes(bytes), size: bytes.byteLength, mediaType: "x/y" };
}));
const [config, ...layers] = blobs.map(({ digest, size, mediaType }) => ({ digest, size, mediaType }));
const document = (more: object = {}) =>
  utf8(JSON.stringify({ schemaVersion: 2, mediaType: type, config, layers, ...more }, null, 2));
const bytes = document();
const digest = await digestBytes(bytes);
const content = (of: Bytes = bytes) => plainContent(of, { mediaType: type });
const missing: Answer = { status: 404 };
const created: Answer = { status: 201 };
const head = (name: string) => `HEAD /v2/app/manifests/${name}`;
const put = (name: string) => `PUT /v2/app/manifests/${name}`;
const get = (name: string) => `GET /v2/app/manifests/${name}`;
const held = (of = digest, body = bytes): Answer => ({
  headers: { "content-type": type, "docker-content-digest": of, "content-length": String(body.byteLength) },
  body,
});

describe("a manifest, over a socket,", () => {
  it("whose blobs a registry has lost since it said that they were there gets them, once (C6)", async () => {
    const unknown = (...digests: string[]): Answer => ({
      status: 404,
      body: JSON.stringify({
        errors: digests.length === 0
          ? [{ code: "MANIFEST_BLOB_UNKNOWN" }]
          : digests.map((digest) => ({ code: "MANIFEST_BLOB_UNKNOWN", detail: { digest } })),
      }),
    });
    const lost = blobs[1]!.digest;
    for (const [refusal, sent] of [[unknown(lost), 1], [unknown(), 3]] as const) {
      const script: Script = {
        [head("v1")]: missing,
        "GET /v2/app/tags/list?n=1": { body: '{"tags":["x"]}' },
        [put("v1")]: [refusal, created],
        "POST /v2/app/blobs/uploads/": { status: 202, headers: { location: "/u" } },
        ...Object.fromEntries(blobs.flatMap(({ digest }): [string, Answer][] => [
          [`HEAD /v2/app/blobs/${digest}`, {}],
          [`PUT /u?digest=${encodeURIComponent(digest)}`, created],
        ])),
      };
      await scripted(script, async ({ app, calls }) => {
        for (const blob of blobs) {
          assert.equal((await app.write(plainContent(blob.bytes, blob))).how, "present");
        }
        assert.equal((await app.write(content(), { name: "v1" })).how, "written");
        assert.equal(calls().filter((call) => call.startsWith("PUT /u")).length, sent);
        assert.equal(calls().filter((call) => call === put("v1")).length, 2);
      });
    }
    const never: Script = {
      [head("v1")]: missing,
      "GET /v2/app/tags/list?n=1": {},
      [put("v1")]: unknown(lost),
    };
    await scripted(never, async ({ app, calls }) => {
      await rejects(app.write(content(), { name: "v1" }), "not-found", /MANIFEST_BLOB_UNKNOWN/);
      assert.equal(calls().filter((call) => call === put("v1")).length, 1);
    });
  });

  it("is sent as it is, in one piece with a length, under its own type (C22, C30)", async () => {
    for (const status of [200, 201, 202, 204]) {
      const script: Script = {
        [head("v1")]: missing,
        "GET /v2/app/tags/list?n=1": {},
        [put("v1")]: { status },
      };
      await scripted(script, async ({ app, requests }) => {
        await app.write(content(), { name: "v1" });
        const { headers, body } = requests.at(-1)!;
        assert.deepEqual(body, bytes);
        assert.equal(headers["content-type"], type);
        assert.equal(headers["content-length"], String(bytes.byteLength));
        assert.equal(headers["transfer-encoding"], undefined);
      });
    }
  });

  it("comes after all that it names, and its tag last (C28)", async () => {
    const image = emptyImage().append(layer(new Uint8Array(1024), { compression: "none" }));
    const root = emptyIndex().edit(addManifest(image, { platform: { os: "linux", architecture: "amd64" } }));
    const script = (call: string): Answer => {
      if (call.startsWith("HEAD") || call.startsWith("GET")) return { status: 404 };
      return call.startsWith("POST") ? { status: 202, headers: { location: "/u" } } : created;
    };
    await scripted(script, async ({ app, calls }) => {
      await copy(root, app, { name: "v1" });
      const writes = calls().filter((call) => call.startsWith("PUT"));
      assert.match(writes.at(-1)!, /manifests\/v1$/);
      assert.equal(writes.at(-2), put(await image.digest()));
      assert.equal(writes.filter((call) => call.startsWith("PUT /u")).length, 2);
      assert.equal(writes.filter((call) => call.endsWith("v1")).length, 1);
    });
  });

  it("among many that are pushed at once shares its blobs with them, each sent once (C38)", async () => {
    const base = emptyImage().append(layer(new Uint8Array(2048).fill(1), { compression: "none" }));
    const store = memory();
    for (const name of ["a", "b", "c"]) await copy(base.configure({ cmd: [name] }), store, { name });
    const there = new Set<string>();
    const script = (call: string): Answer => {
      if (call.startsWith("POST")) return { status: 202, headers: { location: "/u" } };
      const name = decodeURIComponent(call.slice(call.lastIndexOf("sha256")));
      if (call.startsWith("PUT")) there.add(name);
      return call.startsWith("PUT")
        ? created
        : { status: call.includes("/blobs/") && there.has(name) ? 200 : 404 };
    };
    await scripted(script, async ({ app, calls }) => {
      await Promise.all(
        ["a", "b", "c"].map(async (name) => copy(await openImage(store, name), app, { name })),
      );
      const sent = calls().filter((call) => call.startsWith("PUT /u"));
      assert.equal(sent.length, 4, "three configs and one layer");
      assert.equal(new Set(sent).size, 4);
    });
  });

  it("under a tag that never changes is there already, or refused (C29)", async () => {
    await scripted({ [head("v1")]: held() }, async ({ app, calls }) => {
      assert.equal((await app.write(content(), { name: "v1" })).how, "present");
      await app.tag("v1", { mediaType: type, digest, size: bytes.byteLength });
      assert.deepEqual(calls(), [head("v1"), head("v1")]);
    });
    const subject = { mediaType: type, digest, size: bytes.byteLength };
    const referrer = document({ subject });
    const name = await digestBytes(referrer);
    const refusals: Answer[] = [
      { status: 400, body: '{"errors":[{"code":"TAG_INVALID","message":"tag is immutable"}]}' },
      { status: 409 },
      { status: 412 },
    ];
    for (const refusal of refusals) {
      const script: Script = {
        [put("v1")]: refusal,
        [head("v1")]: held(name, referrer),
        [put(name)]: { status: 201, headers: { "oci-subject": digest } },
      };
      await scripted(script, async ({ app }) => void await app.write(content(referrer), { name: "v1" }));
      await scripted({ ...script, [head("v1")]: held() }, async ({ app }) => {
        await rejects(app.write(content(referrer), { name: "v1" }), ["invalid-name", "conflict"]);
      });
    }
  });

  it("of Docker's schema 1 is copied with its layers, to the byte (C30, B11)", async () => {
    const signed = await signedSchema1([blobs[1]!.digest, blobs[2]!.digest]);
    const schema1 = mediaTypes.dockerSchema1Signed;
    const script: Script = {
      [get("v1")]: { headers: { "content-type": schema1 }, body: signed.bytes },
      "HEAD /v2/copy/manifests/v1": missing,
      [`HEAD /v2/copy/manifests/${signed.digest}`]: missing,
      [`GET /v2/copy/manifests/${signed.digest}`]: missing,
      "GET /v2/copy/tags/list?n=1": {},
      "PUT /v2/copy/manifests/v1": { status: 201, headers: { "docker-content-digest": signed.digest } },
      "POST /v2/copy/blobs/uploads/": { status: 202, headers: { location: "/u" } },
      ...Object.fromEntries(blobs.flatMap(({ digest, bytes }): [string, Answer][] => [
        [`HEAD /v2/copy/blobs/${digest}`, missing],
        [`POST /v2/copy/blobs/uploads/?mount=${digest}&from=app`, { status: 404 }],
        [`GET /v2/app/blobs/${digest}`, { body: bytes }],
        ["PATCH /u", { status: 202 }],
        [`PUT /u?digest=${encodeURIComponent(digest)}`, created],
      ])),
    };
    await scripted(script, async ({ app, open, requests }) => {
      const { descriptor } = await copy(await openImage(app, "v1"), open("reg.test/copy"), { name: "v1" });
      assert.equal(descriptor.digest, signed.digest);
      assert.deepEqual(requests.at(-1)!.body, signed.bytes);
      assert.equal(requests.at(-1)!.headers["content-type"], schema1);
    });
  });
});

describe("a manifest with a subject, over a socket,", () => {
  const subject = { mediaType: type, digest, size: bytes.byteLength };
  const referrer = document({ subject, artifactType: "a/sbom", annotations: { note: "x" } });
  const tag = `sha256-${digest.slice(7)}`;
  const list = (...manifests: object[]) =>
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
  const index = (body: string, more: Answer["headers"] = {}): Answer => ({
    headers: { "content-type": mediaTypes.ociIndex, ...more },
    body,
  });
  const entry = { mediaType: type, digest: blobs[0]!.digest, size: 6, artifactType: "x/other" };

  it("is listed under the fallback tag unless the registry says that it lists it (C32)", async () => {
    const name = await digestBytes(referrer);
    const listed = { [put(name)]: { status: 201, headers: { "oci-subject": digest } } };
    await scripted(listed, async ({ app, requests }) => {
      await app.write(content(referrer));
      assert.equal(requests.length, 1);
    });
    for (const says of [undefined, blobs[0]!.digest]) {
      let now: Answer = missing;
      const script: Script = {
        [put(name)]: { status: 201, headers: { "oci-subject": says } },
        [get(tag)]: () => now,
        [put(tag)]: ({ body }) => {
          now = index(new TextDecoder().decode(body));
          return created;
        },
      };
      await scripted(script, async ({ app, requests }) => {
        await app.write(content(referrer));
        const [row] = JSON.parse(new TextDecoder().decode(
          requests.findLast(({ method }) => method === "PUT")!.body,
        )).manifests;
        const { digest, artifactType, annotations } = row;
        assert.deepEqual({ digest, artifactType, annotations }, {
          digest: name,
          artifactType: "a/sbom",
          annotations: { note: "x" },
        });
      });
    }
  });

  it("is listed beside what others list at the same time (C33)", async () => {
    const name = await digestBytes(referrer);
    let now: Answer = missing;
    let puts = 0;
    const script: Script = {
      [put(name)]: created,
      [get(tag)]: () => now,
      [put(tag)]: ({ body, headers }: RawRequest) => {
        // Another client has been faster; a registry that compares refuses ours.
        if (puts++ === 0) {
          now = index(list(entry), { etag: '"1"' });
          return headers["if-none-match"] === "*" ? { status: 412 } : created;
        }
        assert.equal(headers["if-match"], '"1"');
        now = index(new TextDecoder().decode(body));
        return created;
      },
    };
    await scripted(script, async ({ app }) => {
      await app.write(content(referrer));
      const { manifests } = JSON.parse(String(now.body));
      assert.deepEqual(manifests.map(({ digest }: { digest: string }) => digest), [entry.digest, name]);
    });
  });

  it("is not listed over what is no list (C34)", async () => {
    const name = await digestBytes(referrer);
    for (
      const there of [
        index("{"),
        held(),
        index(`{"schemaVersion":2,"manifests":[],"subject":${JSON.stringify(subject)}}`),
      ]
    ) {
      await scripted({ [put(name)]: created, [get(tag)]: there }, async ({ app, calls }) => {
        await rejects(app.write(content(referrer)), ["invalid-document", "unsupported"]);
        assert.ok(!calls().includes(put(tag)));
      });
    }
  });

  it("is taken from the list when it is deleted (C37)", async () => {
    const name = await digestBytes(referrer);
    let now = index(list(entry, { ...entry, digest: name }));
    const script: Script = {
      [get(name)]: { headers: { "content-type": type }, body: referrer },
      [`DELETE /v2/app/manifests/${name}`]: { status: 202 },
      [get(tag)]: () => now,
      [put(tag)]: ({ body }) => {
        now = index(new TextDecoder().decode(body));
        return created;
      },
    };
    await scripted(script, async ({ app }) => {
      await app.delete({ digest: name });
      assert.deepEqual(JSON.parse(String(now.body)).manifests, [entry]);
    });
  });
});

describe("deleting, over a socket,", () => {
  it("is done, impossible, or done by another already (C36)", async () => {
    const remove = `DELETE /v2/app/manifests/${digest}`;
    await scripted(
      { [get(digest)]: held(), [remove]: { status: 202 } },
      async ({ app }) => await app.delete({ digest }),
    );
    const refusals: [Answer, ErrorCode][] = [
      [{ status: 405, body: '{"errors":[{"code":"UNSUPPORTED"}]}' }, "unsupported"],
      [{ status: 400, body: '{"errors":[{"code":"UNSUPPORTED"}]}' }, "unsupported"],
      [{ status: 404 }, "not-found"],
    ];
    for (const [answer, code] of refusals) {
      await scripted({ [get(digest)]: held(), [remove]: answer }, async ({ app }) => {
        await rejects(app.delete({ digest }), code);
      });
    }
    await scripted({ "DELETE /v2/app/manifests/v1": { status: 400 } }, async ({ app }) => {
      await rejects(app.untag("v1"), "unsupported", /deletes only by digest/);
    });
  });
});
