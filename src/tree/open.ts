import type { Options } from "../content/contracts.ts";
import { Slots } from "../content/slots.ts";
import { Temporary } from "../disk/temporary.ts";
import type { Image } from "../image/image.ts";
import type { Layer } from "../image/layer.ts";
import type { TarLimits } from "../tar/scanner.ts";
import { type ContentSink, type LayerLimits, type LayerScan, scanLayer } from "./layer_scan.ts";
import { Merge, type OnHidden } from "./merge.ts";
import type { Node } from "./node.ts";
import { closeTars, type Tars } from "./tars.ts";
import { Tree } from "./tree.ts";

/** How to merge layers. */
export interface TreeOptions extends Options {
  /** Whether the content of files is kept, in temporary files, to be read afterwards. Default: true. */
  content?: boolean | undefined;
  /** Whether the content of files is hashed. Default: false. */
  digests?: boolean | undefined;
  /** How many layers are fetched and unpacked at once. Default: 6. */
  jobs?: number | undefined;
  /** What is refused for its size, in each layer. */
  limits?: TarLimits | undefined;
}

/**
 * Merges the layers of an image into one tree. Each layer is read once, several at a time, verified by its digest and
 * diffID, and its tar kept in a temporary file that has no name; in memory there are about 400 bytes for each path.
 *
 * @throws {GantryError} What reading layers throws; `invalid-archive` for layers that cannot be unpacked, as one with a hard
 * link to nothing; `storage` when there is no room for the temporary files.
 *
 * @example
 * ```ts
 * import { emptyImage, layer } from "@gantry/oci/image";
 * import { writeTar } from "@gantry/oci/tar";
 * import { openTree } from "@gantry/oci/tree";
 *
 * const plain = { compression: "none" } as const;
 * const base = layer(() => writeTar([{ type: "file", path: "etc/old" }, { type: "file", path: "etc/kept" }]), plain);
 * const upper = layer(() => writeTar([{ type: "file", path: "etc/.wh.old" }]), plain);
 * await using tree = await openTree(emptyImage().append(base).append(upper));
 * for await (const entry of tree.entries()) console.log(entry.path); // etc/, etc/kept
 * ```
 */
export async function openTree(
  image: Image | readonly Layer[],
  options: TreeOptions = {},
): Promise<Tree> {
  const { root, tars } = await mergeLayers(image, options);
  return new Tree(root, tars, options.signal);
}

/** Layers that have been merged. */
export interface Merged {
  /** All that is in the tree. */
  root: Node;
  /** What is in each layer, the base first, hidden or not. */
  layers: Pick<LayerScan, "paths" | "bytes">[];
  /** The tars of the layers, where their content was to be kept, each in its layer's place. The caller closes them. */
  tars: Tars;
}

/** How to merge layers, and who is told of it. */
export interface MergeOptions extends Omit<TreeOptions, "limits" | "content"> {
  /** Whether the content of files is kept, or of which layers' files. Default: true. */
  content?: boolean | ((layer: number) => boolean) | undefined;
  limits?: LayerLimits | undefined;
  /** Who takes the content of a layer's files as it goes by; layers are read side by side. */
  sink?: ((layer: number) => ContentSink) | undefined;
  /** Is told of what a layer takes away from those below. */
  onHidden?: OnHidden | undefined;
  /** Is told when a layer has been merged with those below, the base first. */
  onMerged?: ((root: Node, layer: number) => void) | undefined;
}

/** Merges layers. */
export async function mergeLayers(
  image: Image | readonly Layer[],
  options: MergeOptions,
): Promise<Merged> {
  const { signal } = options;
  const layers = "layers" in image ? await image.layers({ signal }) : image;
  const scans = new LayerScans(layers, options);
  try {
    const merge = new Merge(options.onHidden);
    const totals: Merged["layers"] = [];
    for (const [index, layer] of layers.entries()) {
      const scan = await scans.get(index);
      merge.add(scan, index, layer.known ? `layer ${layer.known.digest}` : `layer ${index}`);
      options.onMerged?.(merge.root, index);
      totals.push({ paths: scan.paths, bytes: scan.bytes });
    }
    return { root: merge.root, layers: totals, tars: scans.tars };
  } catch (error) {
    await scans.stop(error);
    throw error;
  }
}

/** Scans the layers, several at once, the base first. */
class LayerScans {
  readonly #stop = new AbortController();
  readonly #scans: Promise<LayerScan>[];
  /** In the order of the layers. */
  readonly tars: Tars = [];
  readonly #slots: Slots;

  constructor(layers: readonly Layer[], options: MergeOptions) {
    const { jobs = 6, signal, content = true, digests, limits, sink } = options;
    this.#slots = new Slots(jobs);
    const ended = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
    const scan = async (layer: Layer, index: number) => {
      const kept = typeof content === "function" ? content(index) : content;
      const tar = this.tars[index] = kept ? await Temporary.create() : undefined;
      return await scanLayer(layer, { index, tar, digests, limits, sink: sink?.(index), signal: ended });
    };
    this.#scans = layers.map((layer, index) => this.#slots.run(() => scan(layer, index), ended));
    for (const scanning of this.#scans) scanning.catch((error) => this.#stop.abort(error));
  }

  get(index: number): Promise<LayerScan> {
    return this.#scans[index]!;
  }

  async stop(reason: unknown): Promise<void> {
    this.#stop.abort(reason);
    await Promise.allSettled(this.#scans);
    await closeTars(this.tars);
  }
}
