/** A document, and what registries answer to requests for it. */

import { type Bytes, utf8 } from "../../src/bytes.ts";
import { verified } from "../../src/content/verified.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import type { Registry } from "../../src/registry/mod.ts";
import type { Descriptor } from "../../src/spec/descriptor.ts";
import { mediaTypes } from "../../src/spec/media_type.ts";
import type { Answer } from "./scripted.ts";

export const text = '{"schemaVersion":2,"manifests":[]}';
export const index = utf8(text);
export const indexDigest = await digestBytes(index);
export const head = "HEAD /v2/app/manifests/v1";
export const get = "GET /v2/app/manifests/v1";
export const byDigest = `GET /v2/app/manifests/${indexDigest}`;
export const as = (type: string, body: Answer["body"] = text, more: Answer["headers"] = {}): Answer => ({
  headers: { "content-type": type, ...more },
  body: body!,
});
export const found = as(mediaTypes.ociIndex);
export const descriptor = { mediaType: mediaTypes.ociIndex, digest: indexDigest, size: index.byteLength };

/** All of some bytes, verified. */
export async function readAs(app: Registry, what: Descriptor): Promise<Bytes> {
  return new Uint8Array(await new Response(await verified(app).open(what)).arrayBuffer());
}
