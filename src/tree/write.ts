import { type Bytes, chunksOf, streamOfPieces } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { encodeHeader, paddingOf } from "../tar/encode.ts";
import { readTar } from "../tar/mod.ts";
import type { TarItem, TarOptions } from "../tar/mod.ts";
import type { Inode } from "./inode.ts";
import { nodesBelow, pathOfNode } from "./node.ts";
import type { Node } from "./node.ts";
import { ordered } from "./order.ts";
import { renamed } from "./rename.ts";
import type { Tars } from "./tars.ts";

/** In bytes: how much is read at once. */
const pieceSize = 256 * 1024;

/** How to write a tree. */
export interface WriteOptions extends Options {
  /** Which names are wanted. Default: all. */
  only?: ((node: Node) => boolean) | undefined;
  /** Writes all names, and gives each layer's tar back as soon as all of it has been copied. Default: false. */
  once?: boolean | undefined;
}

/**
 * A tree as a tar. Entries that keep their name keep their bytes; those that lie one behind the other in a layer are
 * copied at once.
 */
export function writeTree(root: Node, tars: Tars, options: WriteOptions = {}): ReadableStream<Bytes> {
  return streamOfPieces(new TreeWriter(tars, options.signal).pieces(root, options));
}

class TreeWriter {
  readonly #tars: Tars;
  readonly #signal: AbortSignal | undefined;
  /** Part of a tar that is still to be copied. */
  #run = { layer: 0, start: 0, end: 0 };

  constructor(tars: Tars, signal: AbortSignal | undefined) {
    this.#tars = tars;
    this.#signal = signal;
  }

  /** All of a tree, or the names that are wanted. */
  async *pieces(
    root: Node,
    { only = () => true, once = false }: WriteOptions,
  ): AsyncGenerator<Bytes, void, void> {
    const left = once ? entriesOfLayers(root) : undefined;
    for (const { node, first } of ordered(root)) {
      if (!only(node)) continue;
      const { inode } = node;
      if (!inode) yield* this.#insert(encodeHeader({ type: "directory", path: `${pathOfNode(node)}/` }));
      else if (first) yield* this.#insert(encodeHeader(linkOf(node, pathOfNode(first))));
      else {
        yield* this.#write(node, inode);
        if (left && --left[inode.layer]! === 0) {
          yield* this.#flush();
          await this.#tars[inode.layer]!.close();
        }
      }
    }
    yield* this.#insert(new Uint8Array(1024));
  }

  async *#write(node: Node, inode: Inode): AsyncGenerator<Bytes, void, void> {
    const { layer, start, content, end, path, global } = inode;
    const written = writtenPath(node);
    // Directories need no slash.
    if (!global && (path === written || `${path}/` === written)) return yield* this.#copy(layer, start, end);
    const header = await this.#tars[layer]!.read(start, content);
    const changed = global ? undefined : renamed(header, written);
    if (changed) {
      yield* this.#insert(changed);
      yield* this.#copy(layer, content, end);
    } else yield* this.#rewrite(inode, written);
  }

  /** Makes the headers of an entry anew, and with them the content of a sparse file. */
  async *#rewrite({ layer, start, end }: Inode, path: string): AsyncGenerator<Bytes, void, void> {
    const tar = this.#tars[layer]!.slice(start, end).stream();
    for await (const entry of readTar(tar, { what: `layer ${layer}`, signal: this.#signal })) {
      const item = entry.with({ path });
      yield* this.#insert(encodeHeader(item));
      if (item.readable) yield* contentOf(item, item.readable as ReadableStream<Bytes>);
    }
  }

  /** Copies part of a layer's tar, together with what comes behind it if that is copied next. */
  async *#copy(layer: number, start: number, end: number): AsyncGenerator<Bytes, void, void> {
    if (this.#run.layer !== layer || this.#run.end !== start) {
      yield* this.#flush();
      this.#run = { layer, start, end };
    } else this.#run.end = end;
  }

  async *#insert(bytes: Bytes): AsyncGenerator<Bytes, void, void> {
    yield* this.#flush();
    yield bytes;
  }

  async *#flush(): AsyncGenerator<Bytes, void, void> {
    const { layer, end } = this.#run;
    for (let at = this.#run.start; at < end;) {
      this.#signal?.throwIfAborted();
      const piece = await this.#tars[layer]!.read(at, Math.min(at + pieceSize, end));
      // Some tars end without the padding of their last entry.
      yield piece.byteLength > 0 ? piece : new Uint8Array(end - at);
      at += piece.byteLength || end - at;
    }
    this.#run = { layer: 0, start: 0, end: 0 };
  }
}

/** How many entries of each layer are written. */
function entriesOfLayers(root: Node): number[] {
  const entries: number[] = [];
  const seen = new Set<Inode>();
  for (const node of [root, ...nodesBelow(root)]) {
    const { inode } = node;
    if (!inode || (inode.shared && seen.has(inode))) continue;
    if (inode.shared) seen.add(inode);
    entries[inode.layer] = (entries[inode.layer] ?? 0) + 1;
  }
  return entries;
}

/** The name of a node as it stands in a tar. */
function writtenPath(node: Node): string {
  return node.children ? `${pathOfNode(node) || "."}/` : pathOfNode(node);
}

function linkOf(node: Node, linkname: string): TarItem {
  const { mode, uid, gid, mtime } = node.inode!;
  const time: TarOptions = typeof mtime === "number"
    ? { mtime }
    : { mtime: mtime.seconds, nanoseconds: mtime.nanoseconds };
  return { type: "hardlink", path: pathOfNode(node), linkname, options: { mode, uid, gid, ...time } };
}

async function* contentOf(item: TarItem, content: ReadableStream<Bytes>): AsyncGenerator<Bytes, void, void> {
  yield* chunksOf(content);
  const padding = paddingOf(item.size ?? 0);
  if (padding > 0) yield new Uint8Array(padding);
}
