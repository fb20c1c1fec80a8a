/** Manifests of Docker's schema 1. */

import { type Bytes, concat, utf8 } from "../../src/bytes.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import type { Digest } from "../../src/spec/digest.ts";

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");

/** A signed one with these layers, and its digest, which is that of what was signed. */
export async function signedSchema1(
  layers: readonly string[],
  more: object = {},
): Promise<{ bytes: Bytes; digest: Digest; payload: Bytes }> {
  const fsLayers = layers.map((blobSum) => ({ blobSum }));
  const history = layers.map(() => ({ v1Compatibility: '{"os":"linux"}' }));
  const document = { schemaVersion: 1, name: "app", tag: "v1", architecture: "amd64", fsLayers, history };
  const payload = utf8(JSON.stringify({ ...document, ...more }, null, 3));
  return { ...signed(payload), digest: await digestBytes(payload), payload };
}

/** The same bytes, with a signature of nobody put before their last brace. */
export function signed(payload: Bytes): { bytes: Bytes } {
  const formatLength = payload.byteLength - 2;
  const formatTail = base64url(payload.subarray(formatLength));
  const head = base64url(utf8(JSON.stringify({ formatLength, formatTail, time: "2020-01-01T00:00:00Z" })));
  const signatures = [{ header: { alg: "ES256" }, signature: "AAAA", protected: head }];
  const tail = `,\n   "signatures": ${JSON.stringify(signatures)}\n}`;
  return { bytes: concat([payload.subarray(0, formatLength), utf8(tail)]) };
}
