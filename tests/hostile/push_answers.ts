/** A small blob, and what registries answer to its upload. */

import type { Content } from "../../src/content/contracts.ts";
import { plainContent } from "../../src/testing/content.ts";
import type { RawRequest } from "./raw_server.ts";
import { type Answer, blobOf } from "./scripted.ts";

export const { bytes, digest } = await blobOf(1000);
export const encoded = encodeURIComponent(digest);
export const head = `HEAD /v2/app/blobs/${digest}`;
export const post = "POST /v2/app/blobs/uploads/";
export const missing: Answer = { status: 404 };
export const created: Answer = { status: 201 };
export const gone: Answer = { status: 204 };
export const at = (location: string, more: Answer["headers"] = {}): Answer => ({
  status: 202,
  headers: { location, ...more },
});
/** A small blob, which goes in one PUT. */
export const small = (more: Partial<Content> = {}) => plainContent(bytes, { digest, ...more });
/** The same, of which nobody knows how long it is, so that it goes as a stream. */
export const stream = (more: Partial<Content> = {}) => small({ size: undefined, ...more });
export const put = (url = "/u") => `PUT ${url}${url.includes("?") ? "&" : "?"}digest=${encoded}`;
export const patches = (requests: RawRequest[]) => requests.filter(({ method }) => method === "PATCH");
/** Which bytes each of the pieces says that it has. */
export const ranges = (requests: RawRequest[]) =>
  patches(requests).map(({ headers }) => headers["content-range"]);
