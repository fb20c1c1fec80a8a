import { type Bytes, chunksOf, streamOfPieces } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { lend } from "../lent.ts";
import { encodeHeader, paddingOf } from "../tar/encode.ts";
import { readTar } from "../tar/mod.ts";
import type { TarItem, TarOptions } from "../tar/mod.ts";
import type { Inode } from "./inode.ts";
import { nodesBelow, pathOfNode } from "./node.ts";
import type { Node } from "./node.ts";
import { ordered } from "./order.ts";
import { renamed } from "./rename.ts";
import type { Tars } from "./tars.ts";

/** In bytes: how much is put together at once. */
const pieceSize = 256 * 1024;
/** How many pieces are put together while one is with the reader. */
const piecesAhead = 3;

/** How to write a tree. */
export interface WriteOptions extends Options {
  /** Which names are wanted. Default: all. */
  only?: ((node: Node) => boolean) | undefined;
  /** Writes all names, and gives each layer's tar back as soon as all of it has been copied. Default: false. */
  once?: boolean | undefined;
}

/**
 * A tree as a tar. Entries that keep their name keep their bytes; those that lie one behind the other in a layer are
 * copied at once. While one piece is with the reader, the next ones are put together.
 */
export function writeTree(root: Node, tars: Tars, options: WriteOptions = {}): ReadableStream<Bytes> {
  return streamOfPieces(new TreeWriter(tars, options.signal).pieces(root, options));
}

/** Part of a layer's tar. */
interface Run {
  layer: number;
  start: number;
  end: number;
  /** Whether nothing is copied from that tar after it. */
  last: boolean;
}

/** What the tree's tar is put together from: bytes made here, and runs. */
type Part = Bytes | Run;

class TreeWriter {
  readonly #tars: Tars;
  readonly #signal: AbortSignal | undefined;
  /** Memory of pieces that have come back. */
  readonly #spare: ArrayBuffer[] = [];

  constructor(tars: Tars, signal: AbortSignal | undefined) {
    this.#tars = tars;
    this.#signal = signal;
  }

  /** All of a tree, or the names that are wanted. */
  async *pieces(root: Node, options: WriteOptions): AsyncGenerator<Bytes, void, void> {
    const ahead: Promise<Bytes>[] = [];
    try {
      for await (const parts of gathered(this.#parts(root, options))) {
        this.#signal?.throwIfAborted();
        const piece = this.#filled(parts, ahead.at(-1));
        piece.catch(() => {}); // it is awaited in its turn
        ahead.push(piece);
        if (ahead.length > piecesAhead) yield await ahead.shift()!;
      }
      while (ahead.length > 0) yield await ahead.shift()!;
    } finally {
      await Promise.allSettled(ahead); // the caller closes what they are read from
    }
  }

  async *#parts(root: Node, { only = () => true, once = false }: WriteOptions): AsyncGenerator<Part> {
    const left = once ? entriesOfLayers(root) : undefined;
    let run: Run | undefined;
    for (const { node, first } of ordered(root)) {
      if (!only(node)) continue;
      const { inode } = node;
      const copied = first ? undefined : inode;
      const last = copied && left ? --left[copied.layer]! === 0 : false;
      if (copied && keepsName(copied, writtenPath(node))) {
        const { layer, start, end } = copied;
        if (run?.layer === layer && run.end === start) run = { ...run, end, last };
        else {
          if (run) yield run;
          run = { layer, start, end, last };
        }
        continue;
      }
      if (run) yield run;
      run = undefined;
      if (copied) yield* this.#renamed(copied, writtenPath(node), last);
      else if (first) yield encodeHeader(linkOf(node, pathOfNode(first)));
      else yield encodeHeader({ type: "directory", path: `${pathOfNode(node)}/` });
    }
    if (run) yield run;
    yield new Uint8Array(1024);
  }

  /** An entry under another name than it has in its layer. */
  async *#renamed(inode: Inode, path: string, last: boolean): AsyncGenerator<Part> {
    const { layer, start, content, end, global } = inode;
    const header = global ? undefined : renamed(await this.#tars[layer]!.read(start, content), path);
    if (header) {
      yield header;
      yield { layer, start: content, end, last };
    } else {
      yield* this.#rewritten(inode, path);
      yield { layer, start: end, end, last };
    }
  }

  /** Makes the headers of an entry anew, and with them the content of a sparse file. */
  async *#rewritten({ layer, start, end }: Inode, path: string): AsyncGenerator<Bytes> {
    const tar = this.#tars[layer]!.slice(start, end).stream();
    for await (const entry of readTar(tar, { what: `layer ${layer}`, signal: this.#signal })) {
      const item = entry.with({ path });
      yield encodeHeader(item);
      if (item.readable) yield* contentOf(item, item.readable as ReadableStream<Bytes>);
    }
  }

  /** Puts parts together, and gives tars back that are not needed after them and the pieces before. */
  async #filled(parts: readonly Part[], before: Promise<Bytes> | undefined): Promise<Bytes> {
    const piece = this.#piece(parts.reduce((sum, part) => sum + lengthOf(part), 0));
    const reads: Promise<void>[] = [];
    let at = 0;
    for (const part of parts) {
      const target = piece.subarray(at, at += lengthOf(part));
      if (part instanceof Uint8Array) target.set(part);
      else reads.push(this.#read(part, target));
    }
    await Promise.all(reads);
    await before;
    for (const part of parts) if ("last" in part && part.last) await this.#tars[part.layer]!.close();
    return piece;
  }

  #piece(length: number): Bytes {
    if (length < pieceSize) return new Uint8Array(length);
    const piece = new Uint8Array(this.#spare.pop() ?? new ArrayBuffer(length));
    return lend(piece, (memory) => void this.#spare.push(memory));
  }

  async #read({ layer, start }: Run, target: Bytes): Promise<void> {
    const length = await this.#tars[layer]!.readInto(target, start);
    // Some tars end without the padding of their last entry.
    target.fill(0, length);
  }
}

/** Parts for one piece after the other. */
async function* gathered(all: AsyncIterable<Part>): AsyncGenerator<Part[]> {
  let parts: Part[] = [];
  let length = 0;
  for await (let part of all) {
    while (length + lengthOf(part) > pieceSize) {
      const [head, rest] = divided(part, pieceSize - length);
      yield [...parts, head];
      [parts, length, part] = [[], 0, rest];
    }
    parts.push(part);
    length += lengthOf(part);
  }
  yield parts;
}

function lengthOf(part: Part): number {
  return part instanceof Uint8Array ? part.byteLength : part.end - part.start;
}

/** The first `length` bytes of a part, and the rest. */
function divided(part: Part, length: number): [Part, Part] {
  if (part instanceof Uint8Array) return [part.subarray(0, length), part.subarray(length)];
  const at = part.start + length;
  return [{ ...part, end: at, last: false }, { ...part, start: at }];
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

/** Whether an entry is written as it stands in its layer; the names of directories need no slash. */
function keepsName({ path, global }: Inode, written: string): boolean {
  return !global && (path === written || `${path}/` === written);
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
