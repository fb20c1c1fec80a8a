/** Images for archives, and what must stay of them whoever writes and reads those. */

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { archive } from "../../src/archive/mod.ts";
import { type Bytes, utf8 } from "../../src/bytes.ts";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { Image, Index, openImage, openRoot } from "../../src/image/mod.ts";
import { type Digest, mediaTypes } from "../../src/spec/mod.ts";
import { descriptorOf, digestOf, tarOf } from "../archive/support.ts";
import { contentOf } from "../layout/support.ts";
export { inDirectory } from "../support/directory.ts";

/** An image of three layers, one of which stands in it twice, with everything that strict tools want. */
export async function realImage(text = "real"): Promise<Image> {
  const target = memory();
  const [base, top] = await Promise.all([`base of ${text}`, text].map((text) => tarOf([["etc/file", text]])));
  const tars = [base!, top!, base!];
  const gzipped = tars.map((tar): Bytes => new Uint8Array(gzipSync(tar)));
  const config = utf8(JSON.stringify({
    created: "2024-01-02T03:04:05.678900Z",
    author: "A & B <a@b.example>",
    architecture: "amd64",
    os: "linux",
    config: {
      Env: ["PATH=/bin", "A=<b>"],
      Cmd: ["/etc/file"],
      Labels: { "z": "1", "a": "2", "10": "3", "9": "4" },
      Volumes: { "/data": {} },
      WorkingDir: "/etc",
    },
    rootfs: { type: "layers", diff_ids: tars.map(digestOf) },
    history: [
      { created: "2024-01-01T00:00:00Z", created_by: "ADD base && true" },
      { created: "2024-01-01T00:00:01Z", created_by: "ENV A=<b>", empty_layer: true },
      { created: "2024-01-01T00:00:02.5Z", created_by: "ADD top", comment: "no comment" },
      { created: "2024-01-02T03:04:05.678900Z", created_by: "ADD base" },
    ],
  }));
  for (const bytes of [...gzipped, config]) await target.write(await contentOf(bytes));
  const manifest = utf8(JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: descriptorOf(config, mediaTypes.ociConfig),
    layers: gzipped.map((bytes) => descriptorOf(bytes, mediaTypes.ociLayerGzip)),
  }));
  await target.write(await contentOf(manifest, mediaTypes.ociManifest), { role: "manifest", name: "v1" });
  return await openImage(target, "v1");
}

/** What makes an image what it is. */
export interface Facts {
  config: Digest;
  diffIDs: Digest[];
}

export async function factsOf(image: Image): Promise<Facts> {
  return { config: await image.configName(), diffIDs: (await image.configFile()).rootfs.diff_ids };
}

/** Moves an image out of an archive, as a push does, and tells what it is. */
export async function loaded(path: string, name = "@0"): Promise<Facts & { digest: Digest }> {
  const there = archive(path);
  const target = memory();
  try {
    await copy(await openRoot(there, name), target, { name: "v1" });
  } finally {
    await there.close();
  }
  const root = await openRoot(target, "v1");
  const image = root instanceof Index ? await openImage(target, "v1") : root;
  assert.ok(image instanceof Image);
  return { ...await factsOf(image), digest: await root.digest() };
}

/** The same of what a peer loaded: it holds to its word what it says of the config. */
export function assertFacts(found: Facts, expected: Facts): void {
  assert.deepEqual({ config: found.config, diffIDs: found.diffIDs }, expected);
}
