import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { mediaTypes } from "../../src/spec/mod.ts";
import {
  descriptorOf,
  digestOf,
  manifestOf,
  pushBlob,
  pushImage,
  put,
  refused,
  registryInMemory,
} from "./client.ts";

const missing = `sha256:${"0".repeat(64)}`;

function indexOf(manifests: unknown[], more: Record<string, unknown> = {}): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests, ...more });
}

describe("PUT of a manifest", () => {
  it("names every blob that is missing", async () => {
    const { handler, repository } = registryInMemory();
    const manifest = manifestOf("config", ["one", "two", "one"]);
    const errors = await refused(
      await put(handler, "/v2/app/manifests/v1", manifest),
      400,
      "MANIFEST_BLOB_UNKNOWN",
    );
    assert.deepEqual(
      errors.map(({ detail }) => (detail as { digest: string }).digest).sort(),
      [digestOf("config"), digestOf("one"), digestOf("two")].sort(),
    );
    assert.deepEqual(await Array.fromAsync(repository("app").names()), []);
  });

  it("bounds how many it names", async () => {
    const { handler } = registryInMemory();
    const manifest = manifestOf("{}", Array.from({ length: 300 }, (_, i) => `layer ${i}`));
    const errors = await refused(
      await put(handler, "/v2/app/manifests/v1", manifest),
      400,
      "MANIFEST_BLOB_UNKNOWN",
    );
    assert.equal(errors.length, 100);
  });

  it("refuses a size that is not the blob's", async () => {
    const { handler } = registryInMemory();
    await pushBlob(handler, "app", "{}");
    const wrong = { ...descriptorOf("{}", mediaTypes.ociConfig), size: 3 };
    await refused(
      await put(handler, "/v2/app/manifests/v1", manifestOf("{}", [], { config: wrong })),
      400,
      "MANIFEST_INVALID",
    );
    const layers = [descriptorOf("{}", mediaTypes.ociLayer), { ...wrong, mediaType: mediaTypes.ociLayer }];
    await refused(
      await put(handler, "/v2/app/manifests/v1", manifestOf("{}", [], { layers })),
      400,
      "MANIFEST_INVALID",
    );
  });

  it("asks for no foreign layer and no subject", async () => {
    const { handler } = registryInMemory();
    await pushBlob(handler, "app", "{}");
    const manifest = manifestOf("{}", [], {
      layers: [{ ...descriptorOf("w", mediaTypes.dockerForeignLayerGzip), urls: ["https://example.com/w"] }],
      subject: { mediaType: mediaTypes.ociManifest, digest: missing, size: 9 },
    });
    const response = await put(handler, "/v2/app/manifests/v1", manifest);
    assert.equal(response.status, 201, await response.text());
    assert.equal(response.headers.get("oci-subject"), missing);
  });

  it("looks for the children of an index where they belong", async () => {
    const { handler } = registryInMemory();
    const child = descriptorOf(await pushImage(handler, "app", "child"), mediaTypes.ociManifest);
    const layer = descriptorOf("layer", mediaTypes.ociLayer);
    const put1 = (manifests: unknown[]) =>
      put(handler, "/v2/app/manifests/v1", indexOf(manifests), mediaTypes.ociIndex);
    assert.equal((await put1([])).status, 201);
    assert.equal((await put1([child, layer])).status, 201);
    await refused(
      await put1([{ ...layer, mediaType: mediaTypes.ociManifest }]),
      400,
      "MANIFEST_BLOB_UNKNOWN",
    );
    await refused(await put1([{ ...child, digest: missing }]), 400, "MANIFEST_BLOB_UNKNOWN");
  });
});
