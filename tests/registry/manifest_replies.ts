/** A manifest, and what registries reply to requests for it. */

import { utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import type { Reply } from "./fake.ts";

export const type = "application/vnd.oci.image.index.v1+json";
export const text = `{"schemaVersion":2,"mediaType":"${type}",\n"manifests":[]}`;
export const digest = await digestBytes(utf8(text));
export const other = await digestBytes(utf8("other"));
export const head = "HEAD /v2/app/manifests/v1";
export const get = "GET /v2/app/manifests/v1";
export const put = "PUT /v2/app/manifests/v1";
export const full: Reply = { headers: { "content-type": type, "docker-content-digest": digest }, body: text };
export const headers = (more: Record<string, string> = {}): Reply => ({
  headers: {
    "content-type": type,
    "docker-content-digest": digest,
    "content-length": String(text.length),
    ...more,
  },
});
