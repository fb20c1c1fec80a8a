import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { fake } from "./fake.ts";
import { plainContent } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";

const type = "application/vnd.oci.image.index.v1+json";
const text = `{"schemaVersion":2,"mediaType":"${type}",\n"manifests":[]}`;
const digest = await digestBytes(utf8(text));
const other = await digestBytes(utf8("other"));
const head = "HEAD /v2/app/manifests/v1";
const put = "PUT /v2/app/manifests/v1";

describe("putting a manifest", () => {
  const content = plainContent(utf8(text), { mediaType: type, digest });

  it("fails when the registry says that it stored something else", async () => {
    const { app } = fake({
      [head]: { status: 404 },
      [put]: { status: 201, headers: { "docker-content-digest": other } },
    });
    await rejects(app.write(content, { name: "v1" }), "digest-mismatch");
  });

  it("tells why it is refused", async () => {
    const refusals: [number, string, ErrorCode][] = [
      [400, "MANIFEST_INVALID", "invalid-document"],
      [400, "TAG_INVALID", "invalid-name"],
      [404, "MANIFEST_BLOB_UNKNOWN", "not-found"],
      [404, "NAME_UNKNOWN", "not-found"],
      [403, "DENIED", "denied"],
      [412, "", "conflict"],
      [413, "", "too-large"],
    ];
    for (const [status, code, ours] of refusals) {
      const { app } = fake({
        [head]: { status: 404 },
        [put]: { status, body: JSON.stringify({ errors: [{ code }] }) },
      });
      await rejects(app.write(content, { name: "v1" }), ours);
    }
  });
});
