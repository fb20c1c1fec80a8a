import { type Memory, memory } from "../../src/content/memory.ts";
import type { Descriptor } from "../../src/spec/descriptor.ts";
import { mediaTypes } from "../../src/spec/media_type.ts";
import { utf8 } from "../../src/bytes.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { contentOf } from "../layout/support.ts";

/**
 * An index of two images with layers of some tens of kilobytes to a few megabytes, or as much less as `scale` is less than
 * 45; the same for the same seed.
 */
export async function madeUp(seed: number, scale = 45): Promise<Memory> {
  const source = memory();
  const write = async (
    bytes: Uint8Array<ArrayBuffer>,
    mediaType: string,
    name?: string,
  ): Promise<Descriptor> => {
    const role = name === undefined ? undefined : "manifest";
    return (await source.write(await contentOf(bytes, mediaType), { role, name })).descriptor;
  };
  const json = (document: object) => utf8(JSON.stringify(document));
  const sizes = randomBytes(16, seed);
  const layer = (n: number) =>
    write(randomBytes(20_000 + (sizes[n]! ** 2) * scale, seed * 100 + n), mediaTypes.ociLayer);
  const shared = await layer(0);
  const manifests: Descriptor[] = [];
  for (const [n, architecture] of ["amd64", "arm64"].entries()) {
    const layers = [shared, await layer(2 * n + 1), await layer(2 * n + 2)];
    const rootfs = { type: "layers", diff_ids: layers.map(({ digest }) => digest) };
    const config = await write(json({ architecture, os: "linux", seed, rootfs }), mediaTypes.ociConfig);
    const document = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers };
    const manifest = await write(json(document), mediaTypes.ociManifest, architecture);
    manifests.push({ ...manifest, platform: { architecture, os: "linux" } });
  }
  await write(
    json({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }),
    mediaTypes.ociIndex,
    "v1",
  );
  return source;
}
