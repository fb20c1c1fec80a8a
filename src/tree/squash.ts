import { type Bytes, chunksOf, streamOfPieces } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { Temporary } from "../disk/temporary.ts";
import { GantryError } from "../errors.ts";
import { baseHeight } from "../image/base_height.ts";
import type { Edit, LayerEntry } from "../image/edit.ts";
import type { Image } from "../image/image.ts";
import type { Layer } from "../image/layer.ts";
import { layer, type LayerOptions } from "../image/made_layer.ts";
import type { ConfigFile, History } from "../spec/config.ts";
import { whiteoutPrefix } from "../spec/whiteout.ts";
import { encodeHeader } from "../tar/encode.ts";
import type { Inode } from "./inode.ts";
import { scanLayer } from "./layer_scan.ts";
import { type Node, nodesBelow, pathOfNode } from "./node.ts";
import { mergeLayers } from "./open.ts";
import { ordered } from "./order.ts";
import { closeTars } from "./tars.ts";
import { writeTree } from "./write.ts";

/** Which layers become one, and how. */
export interface SquashOptions extends LayerOptions {
  /** The first of them, from 0 at the base; or the image that they are built on. Default: 0. */
  from?: number | Image | undefined;
  /** The one after the last of them. Default: all above `from`. */
  to?: number | undefined;
  /** What the history says of how the one layer came about. Default: `gantry squash`. */
  createdBy?: string | undefined;
}

/**
 * Makes one layer of several: what they add to those below, and whiteouts for what they take away from these. Their entries
 * in the history become one, in whose comment they stand as JSON.
 *
 * @throws {GantryError} When the new image is asked for anything: `not-found` when there are no such layers, `conflict` when
 * the image is not built on the base; `invalid-document` when the config does not name as many layers as there are.
 *
 * @example
 * ```ts
 * import { emptyImage, layer } from "@gantry/oci/image";
 * import { squash } from "@gantry/oci/tree";
 *
 * const plain = { compression: "none" } as const;
 * const base = emptyImage().append(layer(new Uint8Array(1024), plain));
 * const image = base.append(layer(new Uint8Array(1024), plain)).append(layer(new Uint8Array(1024), plain));
 * console.log((await image.edit(squash({ from: base, ...plain })).layers()).length); // 2
 * ```
 */
export function squash({ from, to, createdBy = "gantry squash", ...options }: SquashOptions = {}): Edit {
  return {
    keepsArtifactConfig: true,
    async layers(layers, { signal }) {
      const [start, end] = await rangeOf(layers, { from, to }, { signal });
      const below = layers.slice(0, end).map(({ layer }) => layer);
      return [
        ...layers.slice(0, start),
        { layer: layer(() => squashed(below, start), options) },
        ...layers.slice(end),
      ];
    },
    async config(config, { before, layers, signal }) {
      const [start, end] = await rangeOf(before, { from, to }, { signal });
      if (config.rootfs.diff_ids.length !== before.length) {
        throw new GantryError(
          "invalid-document",
          `squash image: its config has ${config.rootfs.diff_ids.length} diffIDs, it has ${before.length} layers`,
        );
      }
      config.rootfs.diff_ids.splice(start, end - start, await layers[start]!.layer.diffID({ signal }));
      if (config.history?.length) squashHistory(config, [start, end], before.length, createdBy);
    },
  };
}

async function rangeOf(
  layers: readonly LayerEntry[],
  { from = 0, to = layers.length }: Pick<SquashOptions, "from" | "to">,
  options: Options,
): Promise<[start: number, end: number]> {
  const start = typeof from === "number" ? from : await baseHeight(from, layers, {
    by: (layer, options) => layer.diffID(options),
    action: "squash image",
    base: "the base",
    ...options,
  });
  if (Number.isInteger(start) && Number.isInteger(to) && 0 <= start && start < to && to <= layers.length) {
    return [start, to];
  }
  throw new GantryError("not-found", `squash layers ${start} to ${to}: the image has ${layers.length}`);
}

/** The history also has entries without a layer; those among the squashed ones go with them. */
function squashHistory(
  config: ConfigFile,
  [start, end]: [number, number],
  count: number,
  createdBy: string,
): void {
  const history = config.history!;
  const positions = [...history.keys()].filter((at) => !history[at]!.empty_layer);
  if (positions.length !== count) {
    throw new GantryError(
      "invalid-document",
      `squash image: its history has ${positions.length} layers, it has ${count}`,
    );
  }
  const [first, last] = [positions[start]!, positions[end - 1]!];
  const gone: History[] = history.slice(first, last + 1);
  history.splice(first, gone.length, { created_by: createdBy, comment: JSON.stringify(gone) });
}

/** The difference that the layers from `start` on make. */
function squashed(layers: readonly Layer[], start: number): ReadableStream<Bytes> {
  return streamOfPieces(pieces(layers, start));
}

async function* pieces(layers: readonly Layer[], start: number): AsyncGenerator<Bytes, void, void> {
  const below = new Map<string, Inode | undefined>();
  const { root, tars } = await mergeLayers(layers, {
    content: (layer) => layer >= start,
    onMerged(root, layer) {
      if (layer !== start - 1) return;
      for (const node of [root, ...nodesBelow(root)]) below.set(pathOfNode(node), node.inode);
    },
  });
  try {
    const isNew = (node: Node) => {
      const path = pathOfNode(node);
      return !below.has(path) || below.get(path) !== node.inode;
    };
    for (const index of lenders(root, isNew, start)) {
      tars[index] = await Temporary.create();
      await scanLayer(layers[index]!, { index, tar: tars[index] });
    }
    for (const path of hidden(below, root)) {
      yield encodeHeader({ type: "file", path, size: 0, options: { mode: 0o644 } });
    }
    yield* chunksOf(writeTree(root, tars, { only: isNew }));
  } finally {
    await closeTars(tars);
  }
}

/**
 * The layers below whose content is written after all: of files that have hard links in the layers from `start` on, and
 * none of their names from below any more.
 */
function lenders(root: Node, isNew: (node: Node) => boolean, start: number): Set<number> {
  const found = new Set<number>();
  for (const { node, first } of ordered(root)) {
    if (node.inode && node.inode.layer < start && !first && isNew(node)) found.add(node.inode.layer);
  }
  return found;
}

/** The whiteouts of what is below and not in the tree any more, the topmost of it. */
function hidden(below: ReadonlyMap<string, Inode | undefined>, root: Node): string[] {
  const nodes = new Map([root, ...nodesBelow(root)].map((node) => [pathOfNode(node), node]));
  const whiteouts: string[] = [];
  for (const path of below.keys()) {
    if (nodes.has(path)) continue;
    const at = path.lastIndexOf("/");
    const [parent, name] = [path.slice(0, Math.max(at, 0)), path.slice(at + 1)];
    // What is in a directory that is gone, or is none any more, goes with it.
    if (nodes.get(parent)?.children) whiteouts.push(`${parent && `${parent}/`}${whiteoutPrefix}${name}`);
  }
  return whiteouts.sort();
}
