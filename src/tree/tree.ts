import type { Bytes } from "../bytes.ts";
import { readTar, type TarEntry, type TarTime, type TarType } from "../tar/mod.ts";
import { type Node, pathOfNode } from "./node.ts";
import { ordered } from "./order.ts";
import { closeTars, type Tars } from "./tars.ts";
import { writeTree } from "./write.ts";

/** Something in the tree, without its content. */
export interface TreeFile {
  /** Its path, without a slash before or behind it; `.` for the root. */
  path: string;
  /** What it is; a second name of a file is a hard link. */
  type: TarType;
  /** Bytes of content. */
  size: number;
  /** Permission bits. */
  mode: number;
  /** Owner's number. */
  uid: number;
  /** Group's number. */
  gid: number;
  /** When the content changed. */
  mtime: TarTime;
  /** A device's major number; 0 for others. */
  devmajor: number;
  /** A device's minor number; 0 for others. */
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
  readonly #tars: Tars;
  readonly #signal: AbortSignal | undefined;

  /** For `openTree`. */
  constructor(
    root: Node,
    tars: Tars,
    signal: AbortSignal | undefined,
  ) {
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
    return writeTree(this.#root, this.#tars, { signal: this.#signal });
  }

  /** The entries of that tar, one at a time, with their content. */
  entries(): AsyncGenerator<TarEntry, void, void> {
    return readTar(this.tar(), { what: "tree", signal: this.#signal });
  }

  /** Gives the temporary files back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await closeTars(this.#tars);
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
    mode: mode & 0o7777, // some tars have the type there too
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
