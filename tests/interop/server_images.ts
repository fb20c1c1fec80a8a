/** Images that strict clients take: a tar layer, a config that names it, a manifest. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { mediaTypes } from "../../src/spec/mod.ts";
import { descriptorOf, digestOf, pushBlob, put, send } from "../server/client.ts";

type Handler = (request: Request) => Promise<Response>;

/** A tar with one file of random bytes. */
export function tarOf(name: string, size: number): Uint8Array<ArrayBuffer> {
  const tar = new Uint8Array(512 + Math.ceil(size / 512) * 512 + 1024);
  const encoder = new TextEncoder();
  const field = (at: number, text: string) => tar.set(encoder.encode(text), at);
  field(0, name);
  field(100, "0000644\0");
  field(108, "0000000\0");
  field(116, "0000000\0");
  field(124, `${size.toString(8).padStart(11, "0")}\0`);
  field(136, "00000000000\0");
  field(148, "        ");
  field(156, "0");
  field(257, "ustar\x0000");
  const sum = tar.subarray(0, 512).reduce((sum, byte) => sum + byte, 0);
  field(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  tar.set(randomBytes(size), 512);
  return tar;
}

/** Pushes an image whose layer holds `size` random bytes. */
export async function pushRealImage(
  handler: Handler,
  repository: string,
  reference: string,
  size = 1000,
  architecture = "amd64",
): Promise<{ manifest: string; layer: string }> {
  const tar = tarOf(`${reference}.bin`, size);
  const layer = new Uint8Array(gzipSync(tar));
  const config = JSON.stringify({
    architecture,
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: [digestOf(tar)] },
    history: [{ created: "2020-01-01T00:00:00Z", created_by: "test" }],
  });
  await pushBlob(handler, repository, layer);
  await pushBlob(handler, repository, config);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: descriptorOf(config, mediaTypes.ociConfig),
    layers: [descriptorOf(layer, mediaTypes.ociLayerGzip)],
  });
  const response = await put(handler, `/v2/${repository}/manifests/${reference}`, manifest);
  assert.equal(response.status, 201, await response.text());
  return { manifest, layer: digestOf(layer) };
}

/** Pushes an index of two images. */
export async function pushRealIndex(
  handler: Handler,
  repository: string,
  reference: string,
): Promise<string> {
  const manifests: unknown[] = [];
  for (const architecture of ["amd64", "arm64"]) {
    const { manifest } = await pushRealImage(handler, repository, architecture, 1000, architecture);
    const platform = { os: "linux", architecture };
    manifests.push({ ...descriptorOf(manifest, mediaTypes.ociManifest), platform });
    await send(handler, "DELETE", `/v2/${repository}/manifests/${architecture}`);
  }
  const index = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
  const response = await put(handler, `/v2/${repository}/manifests/${reference}`, index, mediaTypes.ociIndex);
  assert.equal(response.status, 201, await response.text());
  return index;
}
