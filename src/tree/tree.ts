import type { Bytes } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { Slots } from "../content/slots.ts";
import { Temporary } from "../disk/temporary.ts";
import type { Image } from "../image/image.ts";
import type { Layer } from "../image/layer.ts";
import { readTar, type TarEntry, type TarTime, type TarType } from "../tar/mod.ts";
import type { TarLimits } from "../tar/scanner.ts";
import { type LayerScan, scanLayer } from "./layer_scan.ts";
import { Merge, type OnHidden } from "./merge.ts";
import { type Node, pathOfNode } from "./node.ts";
import { ordered } from "./order.ts";
import { writeTree } from "./write.ts";

/** How to merge layers. */
export interface TreeOptions extends Options {
  /** Whether the content of files is kept, in temporary files, to be read afterwards. Default: true. */
  content?: boolean | undefined;
  /** Whether the content of files is hashed. Default: false. */
  digests?: boolean | undefined;
  /** How many layers are fetched and unpacked at once. Default: 3. */
  jobs?: number | undefined;
  /** What is refused for its size, in each layer. */
  limits?: TarLimits | undefined;
  /** Is told of what a layer takes away from those below. */
  onHidden?: OnHidden | undefined;
}

/** Something in the tree, without its content. */
export interface TreeFile {
  /** Its path, without a slash before or behind it; `.` for the root. */
  path: string;
  type: TarType;
  /** Bytes of content. */
  size: number;
  mode: number;
  uid: number;
  gid: number;
  mtime: TarTime;
  /** A device's numbers; 0 for others. */
  devmajor: number;
  devminor: number;
  /** Where a symlink points, or the path of a file under another name before. */
  linkname: string | undefined;
  /** The digest of its content, where that was asked for. */
  digest: string | undefined;
  /** The layer that it is from, from 0 at the base; undefined for a directory that no layer has an entry for. */
  layer: number | undefined;
}

/** The layers of an image as one file system. Dispose of it: it may hold temporary files. */
export class Tree implements AsyncDisposable {
  readonly #root: Node;
  readonly #tars: readonly Temporary[];
  readonly #signal: AbortSignal | undefined;

  constructor(root: Node, tars: readonly Temporary[], signal: AbortSignal | undefined) {
    this.#root = root;
    this.#tars = tars;
    this.#signal = signal;
  }

  /** All that is in it: each directory before what is in it, each hard link behind the file that it is another name of. */
  *files(): Generator<TreeFile, void, void> {
    for (const { node, first } of ordered(this.#root)) yield fileOf(node, first);
  }

  /** It as a tar, in the order of {@link Tree.files}. */
  tar(): ReadableStream<Bytes> {
    return writeTree(this.#root, this.#tars, this.#signal);
  }

  /** The entries of that tar, one at a time, with their content. */
  entries(): AsyncGenerator<TarEntry, void, void> {
    return readTar(this.tar(), { what: "tree", signal: this.#signal });
  }

  /** Gives the temporary files back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#tars.map((tar) => tar.close()));
  }
}

/**
 * Merges the layers of an image into one tree. Each layer is read once, several at a time, verified by its digest and
 * diffID, and its tar kept in a temporary file that has no name; in memory there are about 500 bytes for each path.
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
 * const base = layer(() => writeTar([{ type: "file", path: "etc/old" }, { type: "file", path: "etc/kept" }]));
 * const upper = layer(() => writeTar([{ type: "file", path: "etc/.wh.old" }]));
 * await using tree = await openTree(emptyImage().append(base).append(upper));
 * for await (const entry of tree.entries()) console.log(entry.path); // etc/, etc/kept
 * ```
 */
export async function openTree(image: Image | readonly Layer[], options: TreeOptions = {}): Promise<Tree> {
  const { signal, onHidden, content = true } = options;
  const layers = "layers" in image ? await image.layers({ signal }) : image;
  const scans = new LayerScans(layers, { ...options, content });
  try {
    const merge = new Merge(onHidden);
    for (const [index, layer] of layers.entries()) {
      merge.add(
        await scans.get(index),
        index,
        layer.known ? `layer ${layer.known.digest}` : `layer ${index}`,
      );
    }
    return new Tree(merge.root, await scans.tars(), signal);
  } catch (error) {
    await scans.stop(error);
    throw error;
  }
}

/** Scans the layers, several at once, the base first. */
class LayerScans {
  readonly #stop = new AbortController();
  readonly #scans: Promise<LayerScan>[];
  readonly #tars: Temporary[] = [];
  readonly #slots: Slots;

  constructor(layers: readonly Layer[], { jobs = 3, signal, content, digests, limits }: TreeOptions) {
    this.#slots = new Slots(jobs);
    const ended = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
    const scan = async (layer: Layer, index: number) => {
      const tar = content ? await Temporary.create() : undefined;
      if (tar) this.#tars.push(tar);
      return await scanLayer(layer, { index, tar, digests, limits, signal: ended });
    };
    this.#scans = layers.map((layer, index) => this.#slots.run(() => scan(layer, index), ended));
    for (const scanning of this.#scans) scanning.catch((error) => this.#stop.abort(error));
  }

  get(index: number): Promise<LayerScan> {
    return this.#scans[index]!;
  }

  /** The tars, in the order of the layers. */
  async tars(): Promise<Temporary[]> {
    return (await Promise.all(this.#scans)).flatMap(({ tar }) => tar ?? []);
  }

  async stop(reason: unknown): Promise<void> {
    this.#stop.abort(reason);
    await Promise.allSettled(this.#scans);
    await Promise.all(this.#tars.map((tar) => tar.close()));
  }
}

function fileOf(node: Node, first: Node | undefined): TreeFile {
  const { inode } = node;
  const path = pathOfNode(node) || ".";
  if (!inode) {
    const mtime = { seconds: 0, nanoseconds: 0 };
    const facts = { size: 0, mode: 0o755, uid: 0, gid: 0, mtime, devmajor: 0, devminor: 0 };
    return { path, type: "directory", ...facts, linkname: undefined, digest: undefined, layer: undefined };
  }
  const { type, size, mode, uid, gid, mtime, devmajor, devminor, digest } = inode;
  return {
    path,
    type: first ? "hardlink" : type,
    size: first ? 0 : size,
    mode,
    uid,
    gid,
    mtime: typeof mtime === "number" ? { seconds: mtime, nanoseconds: 0 } : mtime,
    devmajor,
    devminor,
    linkname: first ? pathOfNode(first) : type === "symlink" ? inode.linkname : undefined,
    digest,
    layer: node.entry!.layer,
  };
}
