import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { type Descriptor, memory } from "../../src/content/mod.ts";
import { mediaTypes } from "../../src/spec/mod.ts";
import { descriptorOf, digestOf, pushBlob, pushImage, put, refused, registryInMemory } from "./client.ts";

const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex };

async function withReferrers() {
  const registry = registryInMemory();
  const image = await pushImage(registry.handler, "app", "v1");
  const subject = descriptorOf(image, mediaTypes.ociManifest);
  const signature = await pushImage(registry.handler, "app", "sig", {
    subject,
    artifactType: "application/vnd.example.signature",
    annotations: { by: "me" },
  });
  const other = await pushImage(registry.handler, "app", "other", { subject });
  const list = JSON.stringify({
    ...index,
    manifests: [],
    subject,
    artifactType: "application/vnd.example.list",
  });
  assert.equal(
    (await put(registry.handler, "/v2/app/manifests/list", list, mediaTypes.ociIndex)).status,
    201,
  );
  return { ...registry, path: `/v2/app/referrers/${digestOf(image)}`, signature, other, list };
}

async function listed(response: Response): Promise<Descriptor[]> {
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), mediaTypes.ociIndex);
  const { manifests, ...rest } = await response.json();
  assert.deepEqual(rest, index);
  return manifests;
}

describe("the referrers", () => {
  it("are an empty index for what nothing refers to, known or not", async () => {
    const { send } = registryInMemory();
    assert.deepEqual(await listed(await send("GET", `/v2/app/referrers/${digestOf("x")}`)), []);
  });

  it("are manifests and indexes, with their annotations and artifact type", async () => {
    const { send, path, signature, other, list } = await withReferrers();
    const found = await listed(await send("GET", path));
    assert.deepEqual(
      found.map(({ digest }) => digest),
      [signature, other, list].map((text) => digestOf(text)).sort(),
    );
    assert.deepEqual(found.find(({ digest }) => digest === digestOf(signature)), {
      ...descriptorOf(signature, mediaTypes.ociManifest),
      artifactType: "application/vnd.example.signature",
      annotations: { by: "me" },
    });
    const types = new Map(found.map(({ digest, artifactType }) => [digest as string, artifactType]));
    assert.equal(types.get(digestOf(other)), mediaTypes.ociConfig);
    assert.equal(types.get(digestOf(list)), "application/vnd.example.list");
  });

  it("can be filtered", async () => {
    const { send, path, signature } = await withReferrers();
    const response = await send("GET", `${path}?artifactType=application%2Fvnd.example.signature`);
    assert.equal(response.headers.get("oci-filters-applied"), "artifactType");
    assert.deepEqual((await listed(response)).map(({ digest }) => digest), [digestOf(signature)]);
    assert.deepEqual(await listed(await send("GET", `${path}?artifactType=none`)), []);
    assert.equal((await send("GET", path)).headers.get("oci-filters-applied"), null);
  });

  it("outlive their subject", async () => {
    const { send, path } = await withReferrers();
    assert.equal((await send("DELETE", "/v2/app/manifests/v1")).status, 202);
    const subject = path.replace("referrers", "manifests");
    assert.equal((await send("DELETE", subject)).status, 202);
    assert.equal((await listed(await send("GET", path))).length, 3);
  });

  it("come in pages when they are long, filter and all", async () => {
    const { handler, send } = registryInMemory();
    await pushBlob(handler, "app", "{}");
    await pushBlob(handler, "app", "layer");
    const subject = descriptorOf("subject", mediaTypes.ociManifest);
    const annotations = { x: "y".repeat(1024 * 1024) };
    for (const tag of ["a", "b", "c", "d", "e"]) {
      await pushImage(handler, "app", tag, { subject, annotations: { ...annotations, tag } });
    }
    const found = new Set<string>();
    let requests = 0;
    const type = encodeURIComponent(mediaTypes.ociConfig);
    for (let next = `/v2/app/referrers/${subject.digest}?artifactType=${type}`; next; requests++) {
      const response = await send("GET", next);
      const link = response.headers.get("link");
      for (const { digest } of await listed(response)) found.add(digest);
      next = link ? link.slice(1, link.indexOf(">")) : "";
    }
    assert.equal(found.size, 5);
    assert.ok(requests > 1);
  });

  it("are 404 where the target does not know them, so that clients use the tag", async () => {
    const target = memory();
    Object.defineProperty(target, "referrers", { value: undefined });
    const { send } = registryInMemory({ repositories: () => target });
    await refused(await send("GET", `/v2/app/referrers/${digestOf("x")}`), 404, "UNSUPPORTED");
  });
});
