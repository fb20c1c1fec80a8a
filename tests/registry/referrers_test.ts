import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import type { Descriptor } from "../../src/spec/descriptor.ts";
import { fake, type Reply } from "./fake.ts";
import { rejects } from "../../src/testing/errors.ts";
import { collect } from "../../src/testing/collect.ts";

const indexType = "application/vnd.oci.image.index.v1+json";
const manifestType = "application/vnd.oci.image.manifest.v1+json";
const subject = await digestBytes(utf8("subject"));
const tag = `sha256-${subject.slice(7)}`;
const api = `GET /v2/app/referrers/${subject}`;
const fallback = `GET /v2/app/manifests/${tag}`;
const entry = async (name: string, artifactType: string): Promise<Descriptor> => ({
  mediaType: manifestType,
  digest: await digestBytes(utf8(name)),
  size: name.length,
  artifactType,
});
const [sbom, signature] = [await entry("sbom", "a/sbom"), await entry("signature", "a/signature")];
const index = (manifests: Descriptor[], more: object = {}): Reply => ({
  headers: { "content-type": indexType },
  body: JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests, ...more }),
});
const missing: Reply = { status: 404 };

describe("referrers", () => {
  it("come from the registry, page by page", async () => {
    const { app } = fake({
      [api]: { ...index([sbom]), headers: { "content-type": indexType, link: '</more>; rel="next"' } },
      "GET /more": index([sbom, signature]),
    });
    assert.deepEqual(await collect(app.referrers({ digest: subject })), [sbom, signature]);
  });

  it("are filtered by the registry or here", async () => {
    const { app } = fake({ [`${api}?artifactType=a%2Fsbom`]: index([sbom, signature]) });
    assert.deepEqual(await collect(app.referrers({ digest: subject }, { artifactType: "a/sbom" })), [sbom]);
  });

  it("come from the tag where the registry knows nothing of them", async () => {
    const html: Reply = { headers: { "content-type": "text/html" }, body: "<html>" };
    for (
      const reply of [
        missing,
        { status: 400 },
        { status: 405 },
        { status: 406 },
        html,
        { status: 403 },
        { status: 500 },
        { status: 429, headers: { "retry-after": "60" } },
        { status: 303, headers: { location: "https://web.test/login" } },
      ]
    ) {
      const { app } = fake({ [api]: reply, [fallback]: index([sbom]) });
      assert.deepEqual(await collect(app.referrers({ digest: subject })), [sbom]);
    }
    for (const reply of [missing, { status: 429 }]) {
      const none = fake({ [api]: reply, [fallback]: missing });
      assert.deepEqual(await collect(none.app.referrers({ digest: subject })), []);
      assert.deepEqual(none.slept, []);
    }
  });

  it("are not asked for again where the registry knows nothing of them", async () => {
    const { app, calls } = fake({ [api]: missing, [fallback]: index([sbom, sbom]) });
    for (const _ of [1, 2]) assert.deepEqual(await collect(app.referrers({ digest: subject })), [sbom]);
    assert.deepEqual(calls(), [api, fallback, fallback]);
  });

  it("are not taken for none where the registry fails", async () => {
    const body = '{"errors":[{"code":"NAME_UNKNOWN"}]}';
    for (const [status, code] of [[403, "denied"], [500, "unavailable"], [404, "not-found"]] as const) {
      const { app } = fake({ [api]: { status, body }, [fallback]: missing });
      await rejects(collect(app.referrers({ digest: subject })), code);
    }
    const closed = fake({ [api]: { status: 401 }, "GET /v2/": {} });
    await rejects(collect(closed.app.referrers({ digest: subject })), "unauthorized");
    const broken = fake({
      [api]: { headers: { "content-type": indexType }, body: "{" },
      [fallback]: missing,
    });
    await rejects(collect(broken.app.referrers({ digest: subject })), "invalid-document");
  });
});
