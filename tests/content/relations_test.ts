import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { utf8 } from "../../src/bytes.ts";
import { childrenOf, referrerOf } from "../../src/content/relations.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { type Descriptor, mediaTypes } from "../../src/spec/mod.ts";

async function blob(text: string, mediaType: string): Promise<Descriptor> {
  return { mediaType, digest: await digestBytes(utf8(text)), size: text.length };
}

const config = await blob("{}", "application/vnd.example.config");
const layer = await blob("layer", mediaTypes.ociLayer);
const subject = await blob("subject", mediaTypes.ociManifest);

describe("what a document names", () => {
  it("is config and layers of a manifest, manifests of an index, and not the subject", () => {
    const manifest = utf8(JSON.stringify({ schemaVersion: 2, config, layers: [layer, layer], subject }));
    assert.deepEqual(childrenOf(manifest, mediaTypes.ociManifest), [config, layer, layer]);
    const index = utf8(JSON.stringify({ schemaVersion: 2, manifests: [subject] }));
    assert.deepEqual(childrenOf(index, mediaTypes.ociIndex), [subject]);
  });
});

describe("a referrer's descriptor", () => {
  const listed = (fields: object) => {
    const document = utf8(JSON.stringify({ schemaVersion: 2, config, layers: [], ...fields }));
    return referrerOf(document, { ...subject, annotations: { of: "the descriptor" } }, subject.digest);
  };

  it("has the manifest's annotations, and its artifact type or else the config's media type", () => {
    const { mediaType, digest, size } = subject;
    assert.deepEqual(listed({ subject, annotations: { a: "1" } }), {
      mediaType,
      digest,
      size,
      artifactType: config.mediaType,
      annotations: { a: "1" },
    });
    const artifactType = "application/vnd.sig";
    assert.equal(listed({ subject, artifactType })?.artifactType, artifactType);
  });

  it("is none for a manifest that is about something else", () => {
    assert.equal(listed({}), undefined);
    assert.equal(listed({ subject: layer }), undefined);
  });
});
