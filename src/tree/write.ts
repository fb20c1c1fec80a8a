import { type Bytes, chunksOf, streamOfPieces } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import type { Temporary } from "../disk/temporary.ts";
import { encodeHeader, paddingOf } from "../tar/encode.ts";
import { readTar } from "../tar/mod.ts";
import type { TarItem, TarOptions } from "../tar/mod.ts";
import type { Inode } from "./inode.ts";
import { pathOfNode } from "./node.ts";
import type { Node } from "./node.ts";
import { ordered } from "./order.ts";
import { renamed } from "./rename.ts";

/** In bytes: how much is read at once. */
const pieceSize = 1024 * 1024;

/**
 * A tree as a tar. Entries that keep their name keep their bytes; those that lie one behind the other in a layer are
 * copied at once.
 */
export function writeTree(
  root: Node,
  tars: readonly Temporary[],
  { only, signal }: Options & { only?: (node: Node) => boolean } = {},
): ReadableStream<Bytes> {
  return streamOfPieces(new TreeWriter(tars, signal).pieces(root, only));
}

class TreeWriter {
  readonly #tars: readonly Temporary[];
  readonly #signal: AbortSignal | undefined;
  /** Part of a tar that is still to be copied. */
  #run = { layer: 0, start: 0, end: 0 };

  constructor(tars: readonly Temporary[], signal: AbortSignal | undefined) {
    this.#tars = tars;
    this.#signal = signal;
  }

  /** All of a tree, or the names that are wanted. */
  async *pieces(root: Node, only: (node: Node) => boolean = () => true): AsyncGenerator<Bytes, void, void> {
    for (const { node, first } of ordered(root)) {
      if (!only(node)) continue;
      const { inode } = node;
      if (!inode) yield* this.#insert(encodeHeader({ type: "directory", path: `${pathOfNode(node)}/` }));
      else if (first) yield* this.#insert(encodeHeader(linkOf(node, pathOfNode(first))));
      else yield* this.#write(node, inode);
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
