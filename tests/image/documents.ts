/** Documents as somebody else's tool might have written them. */

import { type Bytes, streamOf, utf8 } from "../../src/bytes.ts";
import type { Content } from "../../src/content/contracts.ts";
import { type Memory, memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { digestBytes } from "../../src/digest/mod.ts";
import { emptyImage, type Image, layer, openImage } from "../../src/image/mod.ts";
import { type Descriptor, mediaTypes } from "../../src/spec/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";

/** Writes an index, or another document. */
export async function put(
  store: Memory,
  value: unknown,
  options: { mediaType?: string; indent?: number } = {},
): Promise<Descriptor> {
  const { mediaType = mediaTypes.ociIndex, indent } = options;
  const bytes = utf8(JSON.stringify(value, null, indent));
  const open = () => Promise.resolve(streamOf(bytes));
  return (await store.write({ mediaType, replayable: true, open }, { role: "manifest" })).descriptor;
}

/** Bytes as text. */
export function text(bytes: Bytes): string {
  return new TextDecoder().decode(bytes);
}

/** A config with fields and numbers that Gantry does not know; DIFF_ID stands for the layer's. */
export const foreignConfig: string =
  `{"os":"linux","architecture":"amd64","x-big":12345678901234567890,"rootfs":{"type":"layers",` +
  `"diff_ids":["DIFF_ID"]},"history":[{"created_by":"base"}],"config":{"Env":["PATH=/bin","A=1"],"Cmd":["sh"]},` +
  `"x-last":[1.10]}`;

/** An image as somebody else's tool might have written it. */
export async function foreignImage(
  config: string,
  options: { manifestType?: string; configType?: string; indent?: number } = {},
): Promise<{ store: Memory; image: Image }> {
  const store = memory();
  const write = async (bytes: Bytes, mediaType: string, more: object = {}) => {
    const content: Content = {
      mediaType,
      replayable: true,
      open: () => Promise.resolve(streamOf(bytes)),
      ...more,
    };
    return (await store.write(content)).descriptor;
  };
  const tar = randomBytes(1024, 1);
  const mediaType = options.manifestType ?? mediaTypes.ociManifest;
  const layerType = mediaType === mediaTypes.dockerManifest
    ? mediaTypes.dockerLayerGzip
    : mediaTypes.ociLayerGzip;
  const base = await write(tar, layerType);
  const filled = config.replace("DIFF_ID", await digestBytes(tar));
  const configDescriptor = await write(utf8(filled), options.configType ?? mediaTypes.ociConfig);
  const document = {
    schemaVersion: 2,
    mediaType,
    "x-vendor": { z: 1, a: 2 },
    config: configDescriptor,
    layers: [base],
    annotations: { kept: "yes" },
  };
  const manifest = JSON.stringify(document, null, options.indent);
  await write(utf8(manifest), mediaType, { digest: await digestBytes(utf8(manifest)) });
  return { store, image: await openImage(store, await digestBytes(utf8(manifest))) };
}

/** amd64 and arm64, and 386 in an index of its own. */
export async function multi(): Promise<{ store: Memory; index: Descriptor; inner: Descriptor }> {
  const store = memory();
  const made = async (architecture: string) => {
    const platform = { os: "linux", architecture };
    const image = emptyImage(platform).append(
      layer(randomBytes(512, architecture.length), { compression: "none" }),
    );
    return { ...(await copy(image, store)).descriptor, platform };
  };
  const inner = await put(store, { schemaVersion: 2, manifests: [await made("386")] });
  const manifests = [await made("amd64"), await made("arm64"), inner];
  return {
    store,
    inner,
    index: await put(store, { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }),
  };
}
