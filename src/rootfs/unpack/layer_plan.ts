import type { Inode } from "../../tree/inode.ts";
import type { Node } from "../../tree/node.ts";
import type { Planned } from "./planned.ts";

/** A directory of the tree as it was before a layer. */
interface Before {
  /** Which it was; a directory that comes later under the same name is another. */
  node: Node;
  /** What it held; undefined for what is no directory. */
  children: Map<string, Before> | undefined;
}

interface Plan extends Planned {
  inode: Inode | undefined;
  children: Map<string, Plan> | undefined;
}

/**
 * Tells layer by layer what an overlay of directories needs for the merged tree to be seen: what each layer adds, with the
 * directories above it, and a whiteout for each name that it takes away. Where a layer makes a directory anew, it has
 * whiteouts for what the old one held, instead of the mark of an opaque one, which not every host lets be set.
 */
export class LayerPlans {
  readonly plans: Planned[] = [];
  #before: Before | undefined;

  /** Notes a layer that has just been merged with those below. */
  add(root: Node, layer: number): void {
    this.plans.push(planOf(root, this.#before, layer) ?? { inode: root.inode, children: new Map() });
    this.#before = copyOf(root);
  }
}

/** What a layer has under a name; nothing if the name is as it was. */
function planOf(node: Node, before: Before | undefined, layer: number): Plan | undefined {
  const isNew = before?.node !== node || node.entry?.layer === layer;
  if (!node.children) return isNew ? { inode: node.inode, children: undefined } : undefined;
  const children = new Map<string, Plan>();
  for (const [name, child] of node.children) {
    const plan = planOf(child, before?.children?.get(name), layer);
    if (plan) children.set(name, plan);
  }
  for (const name of before?.children?.keys() ?? []) {
    if (!node.children.has(name)) {
      children.set(name, { inode: undefined, children: undefined, whiteout: true });
    }
  }
  return isNew || children.size > 0 ? { inode: node.inode, children } : undefined;
}

function copyOf(node: Node): Before {
  const children = node.children &&
    new Map([...node.children].map(([name, child]) => [name, copyOf(child)] as const));
  return { node, children };
}
