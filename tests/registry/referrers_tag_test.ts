import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { referrersTag } from "../../src/registry/referrers_tag.ts";
import type { Descriptor } from "../../src/spec/descriptor.ts";
import { fake, type Reply, type Seen } from "./fake.ts";
import { plainContent } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";

const indexType = "application/vnd.oci.image.index.v1+json";
const manifestType = "application/vnd.oci.image.manifest.v1+json";
const subject = await digestBytes(utf8("subject"));
const tag = `sha256-${subject.slice(7)}`;
const fallback = `GET /v2/app/manifests/${tag}`;
const signature: Descriptor = {
  mediaType: manifestType,
  digest: await digestBytes(utf8("signature")),
  size: 9,
  artifactType: "a/signature",
};
const index = (manifests: Descriptor[], more: object = {}): Reply => ({
  headers: { "content-type": indexType },
  body: JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests, ...more }),
});
const missing: Reply = { status: 404 };

describe("the tag for referrers", () => {
  it("is as the specification's table says", () => {
    const rows = {
      "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa":
        "sha256-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      [`sha512:${"a".repeat(128)}`]: `sha512-${"a".repeat(64)}`,
      "test+algorithm+using+algorithm+separators+and+lots+of+characters+to+excercise+overall+truncation:alsoSome=InTheEncodedSectionToShowHyphenReplacementAndLotsAndLotsOfCharactersToExcerciseEncodedTruncation":
        "test-algorithm-using-algorithm-s-alsoSome-InTheEncodedSectionToShowHyphenReplacementAndLotsAndLot",
    };
    for (const [digest, tag] of Object.entries(rows)) assert.equal(referrersTag(digest), tag);
  });
});

describe("writing a referrer", () => {
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    artifactType: "a/sbom",
    config: { mediaType: "application/vnd.oci.empty.v1+json", digest: subject, size: 2 },
    layers: [],
    subject: { mediaType: manifestType, digest: subject, size: 7 },
    annotations: { note: "x" },
  });
  const put = async () => `PUT /v2/app/manifests/${await digestBytes(utf8(text))}`;
  const content = () => plainContent(utf8(text), { mediaType: manifestType });

  /** A fallback tag that remembers what is put under it. */
  function tagged(now?: Reply): { get: () => Reply; put: (request: Seen) => Reply } {
    let current = now ?? missing;
    return {
      get: () => current,
      put: ({ body }) => {
        current = { headers: { "content-type": indexType }, body };
        return { status: 201 };
      },
    };
  }

  it("is all where the registry lists it", async () => {
    const { app, calls } = fake({ [await put()]: { status: 201, headers: { "oci-subject": subject } } });
    await app.write(content());
    assert.equal(calls().length, 1);
  });

  it("enters it under the tag where the registry does not say so", async () => {
    const tag = tagged();
    const { app, seen } = fake({
      [await put()]: { status: 201 },
      [fallback]: tag.get,
      [fallback.replace("GET", "PUT")]: tag.put,
    });
    await app.write(content());
    const sent = JSON.parse(new TextDecoder().decode(seen[2]!.body));
    assert.deepEqual(sent, {
      schemaVersion: 2,
      mediaType: indexType,
      manifests: [{
        mediaType: manifestType,
        digest: await digestBytes(utf8(text)),
        size: text.length,
        artifactType: "a/sbom",
        annotations: { note: "x" },
      }],
    });
    assert.equal(seen[2]!.headers.get("if-none-match"), "*");
    const before = seen.length;
    await app.write(content());
    assert.deepEqual(seen.slice(before).map(({ method }) => method), ["PUT", "GET"], "it is there once");
  });

  it("keeps what else stands there, and compares where the registry can", async () => {
    const old = index([signature], { "x-unknown": 12345678901234567890n.toString() });
    const tag = tagged({ ...old, headers: { "content-type": indexType, etag: '"e1"' } });
    const { app, seen } = fake({
      [await put()]: { status: 201 },
      [fallback]: tag.get,
      [fallback.replace("GET", "PUT")]: tag.put,
    });
    await app.write(content());
    const sent = JSON.parse(new TextDecoder().decode(seen[2]!.body));
    assert.equal(sent["x-unknown"], "12345678901234567890");
    assert.deepEqual(sent.manifests.length, 2);
    assert.equal(seen[2]!.headers.get("if-match"), '"e1"');
  });

  it("loses none when several are written at once, here or elsewhere", async () => {
    const tag = tagged();
    let rivals = 1;
    const { app } = fake({
      [await put()]: { status: 201 },
      [fallback]: tag.get,
      [fallback.replace("GET", "PUT")]: (request) => {
        const reply = tag.put(request);
        // Somebody else read before and writes after us.
        if (rivals-- > 0) tag.put({ ...request, body: utf8(index([signature]).body as string) });
        return reply;
      },
    });
    await Promise.all([app.write(content()), app.write(content())]);
    const { manifests } = JSON.parse(new TextDecoder().decode(tag.get().body as Uint8Array));
    assert.equal(manifests.length, 2);
  });

  it("tries again when another was faster, and gives up in the end", async () => {
    const refused = [{ status: 412 }, { status: 412 }, { status: 412 }, { status: 412 }];
    const { app, calls } = fake({
      [await put()]: { status: 201 },
      [fallback]: missing,
      [fallback.replace("GET", "PUT")]: refused,
    });
    await rejects(app.write(content()), "conflict");
    assert.equal(calls().filter((call) => call.startsWith(`PUT /v2/app/manifests/${tag}`)).length, 3);
  });

  it("overwrites nothing that is no list of referrers", async () => {
    const subjectOf = { subject: { mediaType: manifestType, digest: subject, size: 7 } };
    const image = { headers: { "content-type": manifestType }, body: text };
    for (const reply of [index([], subjectOf), image]) {
      const { app } = fake({ [await put()]: { status: 201 }, [fallback]: reply });
      await rejects(app.write(content()), "invalid-document");
    }
  });

  it("and deleting it again takes it off the list", async () => {
    const digest = await digestBytes(utf8(text));
    const own = { mediaType: manifestType, digest, size: text.length };
    const tag = tagged(index([own, signature]));
    const { app } = fake({
      [`GET /v2/app/manifests/${digest}`]: { headers: { "content-type": manifestType }, body: text },
      [`DELETE /v2/app/manifests/${digest}`]: { status: 202 },
      [fallback]: tag.get,
      [fallback.replace("GET", "PUT")]: tag.put,
    });
    await app.delete(own);
    const { manifests } = JSON.parse(new TextDecoder().decode(tag.get().body as Uint8Array));
    assert.deepEqual(manifests.map(({ digest }: Descriptor) => digest), [signature.digest]);
  });
});
