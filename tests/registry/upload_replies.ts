/** A small and a large blob, and what registries reply to their uploads. */

import { type Bytes, utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { plainContent } from "../../src/testing/content.ts";
import type { Reply } from "./fake.ts";

export const bytes = utf8("hello, registry");
export const digest = await digestBytes(bytes);
export const large = Uint8Array.from({ length: (16 << 20) + 5 }, (_, i) => i % 251);
export const largeDigest = await digestBytes(large);
export const post = "POST /v2/app/blobs/uploads/";
export const head = `HEAD /v2/app/blobs/${digest}`;
export const headLarge = `HEAD /v2/app/blobs/${largeDigest}`;
export const at = (location: string): Reply => ({ status: 202, headers: { location } });
export const missing: Reply = { status: 404 };
export const created: Reply = { status: 201 };
export const put = (url: string, name = digest) =>
  `PUT ${url}${url.includes("?") ? "&" : "?"}digest=${encodeURIComponent(name)}`;
export const known = (content: Bytes, name: typeof digest) => plainContent(content, { digest: name });
export const small = () => known(bytes, digest);
export const big = () => known(large, largeDigest);

export async function* list<T>(...items: T[]): AsyncGenerator<T, void, void> {
  yield* items;
}
