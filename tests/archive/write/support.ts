/** What the tests of writing archives share. */

import assert from "node:assert/strict";
import { type ArchiveFormat, writeArchive } from "../../../src/archive/mod.ts";
import { type Bytes, utf8 } from "../../../src/bytes.ts";
import type { Content, Part, Target } from "../../../src/content/mod.ts";
import { copy } from "../../../src/copy/mod.ts";
import { type Descriptor, mediaTypes } from "../../../src/spec/mod.ts";
import { contentOf } from "../../layout/support.ts";
import { descriptorOf, digestOf, filesIn, imageOf } from "../support.ts";

export const plain = { compression: "none" } as const;

export const formats: readonly ArchiveFormat[] = ["combined", "oci", "docker", "legacy"];

export const refName = "org.opencontainers.image.ref.name";

export const fullName = "io.containerd.image.name";

/** An archive of one image, read back. */
export async function written(
  image: Part,
  names: string[] = [],
  format?: ArchiveFormat,
): Promise<Map<string, string>> {
  return await filesIn(writeArchive([{ image, names }], { format }));
}

export function json(files: Map<string, string>, path: string) {
  return JSON.parse(files.get(path) ?? "");
}

/** Puts an image with these layers and this config into a repository. */
export async function put(
  target: Target,
  layers: { bytes: Bytes; mediaType: string; urls?: string[] }[],
  config: string,
  { configType = mediaTypes.ociConfig as string, name = "v1" } = {},
): Promise<Descriptor> {
  const blobs: Descriptor[] = [];
  for (const { bytes, mediaType, urls } of layers) {
    await target.write(await contentOf(bytes, mediaType));
    blobs.push({ ...descriptorOf(bytes, mediaType), ...(urls && { urls }) });
  }
  await target.write(await contentOf(utf8(config), configType));
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: descriptorOf(utf8(config), configType),
    layers: blobs,
  };
  const content = await contentOf(utf8(JSON.stringify(manifest)), mediaTypes.ociManifest);
  return (await target.write(content, { role: "manifest", name })).descriptor;
}

/** An index of images for some platforms, and what nobody can run. */
export async function indexOf(target: Target, architectures: string[]): Promise<Descriptor> {
  const manifests: Descriptor[] = [];
  for (const architecture of architectures) {
    const { descriptor } = await copy(await imageOf(architecture, { architecture }), target);
    manifests.push({
      ...descriptor,
      platform: { os: architecture === "unknown" ? "unknown" : "linux", architecture },
    });
  }
  const bytes = utf8(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }));
  return (await target.write(await contentOf(bytes, mediaTypes.ociIndex), { role: "manifest", name: "v1" }))
    .descriptor;
}

/** A manifest whose only layer's bytes come from the test. */
export function partOf(layer: Bytes, content: Partial<Content>): Part {
  const blob: Content = {
    mediaType: mediaTypes.ociLayer,
    replayable: true,
    open: () => assert.fail("not told"),
    ...content,
  };
  const leaf: Part = {
    role: "blob",
    children: () => Promise.resolve([]),
    content: () => Promise.resolve(blob),
  };
  const manifest = utf8(JSON.stringify({ layer: digestOf(layer) }));
  return {
    role: "manifest",
    children: () => Promise.resolve([leaf]),
    content: () => contentOf(manifest, mediaTypes.ociManifest),
  };
}
