import type { Options } from "../content/contracts.ts";
import type { Image } from "../image/image.ts";
import type { Digest } from "../spec/digest.ts";
import { type HistoryStep, imageHistory } from "./history.ts";
import type { Inode } from "./inode.ts";
import { nodesBelow } from "./node.ts";
import { mergeLayers } from "./open.ts";

/** What one layer is for. */
export interface LayerUsage {
  /** The digest of its compressed bytes. */
  digest: Digest;
  /** How many compressed bytes it has. */
  size: number;
  /** The command that made it, if the history tells. */
  createdBy?: string | undefined;
  /** How many paths it has: files, directories and links, not whiteouts. */
  paths: number;
  /** Bytes of content in its files. */
  added: number;
  /** Bytes of content in the files of layers below that it takes away or replaces. */
  hidden: number;
  /** Bytes of its own content that nobody sees: hidden by layers above, or twice in it. */
  wasted: number;
}

/**
 * What each layer of an image adds, hides and wastes, the base first.
 *
 * @throws {GantryError} What `openTree` throws.
 *
 * @example
 * ```ts
 * import { emptyImage, layer } from "@gantry/oci/image";
 * import { layerUsage } from "@gantry/oci/tree";
 *
 * const image = emptyImage().append(layer(new Uint8Array(1024), { compression: "none" }));
 * console.log((await layerUsage(image))[0]?.wasted); // 0
 * ```
 */
export async function layerUsage(image: Image, options: Options = {}): Promise<LayerUsage[]> {
  const hiders = new Map<Inode, number>();
  const onHidden = (inode: Inode, by: number) => {
    if (!hiders.has(inode)) hiders.set(inode, by);
  };
  const merged = await mergeLayers(image, { ...options, content: false, onHidden });
  const layers = await image.layers(options);
  const kept = layers.map(() => 0), hidden = layers.map(() => 0);
  const seen = new Set<Inode>();
  for (const { inode } of nodesBelow(merged.root)) if (inode) seen.add(inode);
  for (const { layer, size } of seen) kept[layer]! += size;
  for (const [inode, by] of hiders) if (!seen.has(inode)) hidden[by]! += inode.size;
  const steps = (await historyOf(image, options)).filter(({ layer }) => layer);
  return await Promise.all(layers.map(async (layer, i) => {
    const { digest, size } = await layer.descriptor(options);
    const { paths, bytes } = merged.layers[i]!;
    const { createdBy } = steps[i] ?? {};
    return {
      digest,
      size,
      ...(createdBy !== undefined && { createdBy }),
      paths,
      added: bytes,
      hidden: hidden[i]!,
      wasted: bytes - kept[i]!,
    };
  }));
}

/** An artifact has none. */
async function historyOf(image: Image, options: Options): Promise<HistoryStep[]> {
  return await imageHistory(image, options).catch(() => []);
}
