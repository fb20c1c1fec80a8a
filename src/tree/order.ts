import type { Inode } from "./inode.ts";
import { type Node, nodesBelow } from "./node.ts";

/** A name in the order in which it is written. */
export interface Ordered {
  node: Node;
  /** The name under which a hard link's content was written before. */
  first: Node | undefined;
}

/**
 * The names of a tree as they are written: in the order of their layers and of the entries in them, but each directory
 * before all that is in it, and of the names of one inode the first as what it is, the others as hard links to that.
 */
export function* ordered(root: Node): Generator<Ordered, void, void> {
  const written = new Set<Node>([root]);
  const firsts = new Map<Inode, Node>();
  if (root.inode) yield { node: root, first: undefined };
  const nodes = [...nodesBelow(root)];
  nodes.sort((a, b) => layerOf(a) - layerOf(b) || startOf(a) - startOf(b));
  for (const node of nodes) {
    for (const directory of unwritten(node, written)) yield { node: directory, first: undefined };
    if (node.children) continue;
    const { inode } = node;
    const first = inode?.shared ? firsts.get(inode) : undefined;
    if (inode?.shared && !first) firsts.set(inode, node);
    yield { node, first };
  }
}

/** The directories down to a node, itself too if it is one, that are not written yet; they are from then on. */
function unwritten(node: Node, written: Set<Node>): Node[] {
  const directories: Node[] = [];
  let at = node.children ? node : node.parent!;
  for (; !written.has(at); at = at.parent!) {
    written.add(at);
    directories.push(at);
  }
  return directories.reverse();
}

/** Directories without an entry are written for what is in them: by themselves they come last. */
function layerOf({ entry }: Node): number {
  return entry?.layer ?? Number.MAX_SAFE_INTEGER;
}

function startOf({ entry }: Node): number {
  return entry?.start ?? 0;
}
