import type { Inode } from "./inode.ts";

/** A name in the tree. */
export interface Node {
  readonly name: string;
  parent: Node | undefined;
  /** What is under the name; nothing for a directory that no layer has an entry for. */
  inode: Inode | undefined;
  /** What is in a directory; undefined for all else. */
  children: Map<string, Node> | undefined;
  /** The entry that put the name there: that of the inode, or of a hard link to it. */
  entry: Inode | undefined;
}

/** A name in the tree; a directory where `inode` is none or one. */
export function nodeOf(name: string, parent: Node | undefined, inode?: Inode, entry = inode): Node {
  const directory = inode === undefined || inode.type === "directory";
  return { name, parent, inode, entry, children: directory ? new Map() : undefined };
}

/** The path of a node: no slash before or behind it, and nothing for the root. */
export function pathOfNode(node: Node): string {
  let path = node.name;
  for (let above = node.parent; above?.parent; above = above.parent) path = `${above.name}/${path}`;
  return path;
}

/** The nodes below one, without an order. */
export function* nodesBelow(node: Node): Generator<Node, void, void> {
  const waiting = [node];
  for (let at = waiting.pop(); at; at = waiting.pop()) {
    for (const child of at.children?.values() ?? []) {
      yield child;
      if (child.children) waiting.push(child);
    }
  }
}
