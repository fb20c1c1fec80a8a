import { GantryError } from "../errors.ts";
import type { Inode } from "./inode.ts";
import type { LayerScan } from "./layer_scan.ts";
import { type Node, nodeOf, nodesBelow, pathOfNode } from "./node.ts";
import { mostLinks, partsOf, stepsOf } from "./path.ts";
import type { Whiteout } from "./whiteout.ts";

/** Is told of what a layer takes away from those below: by a whiteout, or by something else under the name. */
export type OnHidden = (hidden: Inode, by: number) => void;

/**
 * Puts layers over each other, the base first, as a file system would be filled with them: a path leads through symlinks
 * inside the root, something new takes the place of what has its name, a directory only the facts of one that is there.
 *
 * A layer's whiteouts come before all that it adds, wherever they stand in it: they take away what the layers below have.
 */
export class Merge {
  readonly root: Node = nodeOf("", undefined);
  readonly #onHidden: OnHidden | undefined;

  constructor(onHidden?: OnHidden) {
    this.#onHidden = onHidden;
  }

  /** Puts one more layer on top; `what` names it in errors. */
  add(scan: LayerScan, layer: number, what: string): void {
    new LayerMerge(this.root, scan, layer, what, this.#onHidden).run();
  }
}

class LayerMerge {
  readonly #root: Node;
  readonly #scan: LayerScan;
  readonly #layer: number;
  readonly #what: string;
  readonly #onHidden: OnHidden | undefined;
  /** Hard links to something that comes after them. */
  #waiting: Inode[] = [];
  #directories: Set<string> | undefined;

  constructor(root: Node, scan: LayerScan, layer: number, what: string, onHidden: OnHidden | undefined) {
    this.#root = root;
    this.#scan = scan;
    this.#layer = layer;
    this.#what = what;
    this.#onHidden = onHidden;
  }

  run(): void {
    for (const whiteout of this.#scan.whiteouts) this.#hide(whiteout);
    for (const inode of this.#scan.added) this.#add(inode);
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const link of waiting) this.#linkLate(link);
      if (this.#waiting.length === waiting.length) this.#refuse(waiting[0]!, "which is not there");
    }
  }

  #hide({ parts, opaque }: Whiteout): void {
    const directory = this.#directory(opaque ? parts : parts.slice(0, -1), false);
    if (!directory) return;
    if (!opaque) return this.#remove(directory, parts.at(-1)!);
    for (const name of [...directory.children!.keys()]) this.#remove(directory, name);
  }

  #add(inode: Inode): void {
    const parts = partsOf(inode.path);
    const name = parts.pop();
    if (name === undefined) return this.#addRoot(inode);
    const parent = this.#directory(parts, true)!;
    if (inode.type === "hardlink") return this.#link(inode, parent, name);
    const there = parent.children!.get(name);
    if (there?.children && inode.type === "directory") {
      if (there.inode) this.#tell(there.inode);
      there.inode = there.entry = inode;
      return;
    }
    this.#remove(parent, name);
    parent.children!.set(name, nodeOf(name, parent, inode));
  }

  /** The root is a directory. Some layers have a symlink for it, which others leave out too. */
  #addRoot(inode: Inode): void {
    if (inode.type === "directory") this.#root.inode = this.#root.entry = inode;
    else if (inode.type !== "symlink") {
      throw new GantryError(
        "invalid-archive",
        `read ${this.#what}: ${JSON.stringify(inode.path)} is a ${inode.type} in place of the root`,
      );
    }
  }

  /** Makes a link that has waited, unless something that came later has its name. */
  #linkLate(link: Inode): void {
    const parts = partsOf(link.path);
    const name = parts.pop()!;
    const parent = this.#directory(parts, true)!;
    if (!parent.children!.has(name)) this.#link(link, parent, name);
  }

  #link(link: Inode, parent: Node, name: string): void {
    const parts = partsOf(link.linkname);
    const last = parts.pop();
    const directory = last === undefined ? undefined : this.#directory(parts, false, true);
    const target = last === undefined ? this.#root : directory?.children?.get(last);
    if (target?.children) this.#refuse(link, "which is a directory");
    if (target && target === parent.children!.get(name)) return;
    this.#remove(parent, name);
    if (!target) return void this.#waiting.push(link);
    target.inode!.shared = true;
    parent.children!.set(name, nodeOf(name, parent, target.inode, link));
  }

  /**
   * The directory that parts lead to, through symlinks inside the root. When something is to be put there, missing
   * directories are made, and others replaced by them. For a whiteout, which hides what is below, symlinks are not followed
   * where this layer puts a directory in their place.
   */
  #directory(parts: readonly string[], make: boolean, follow = make): Node | undefined {
    let at = this.#root;
    let links = 0;
    /** Names that are not there; a link may lead back out of them. */
    const missing: string[] = [];
    const steps = parts.toReversed();
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      if (step === "..") {
        if (missing.pop() === undefined) at = at.parent ?? at;
        continue;
      }
      const child = missing.length === 0 ? at.children!.get(step) : undefined;
      if (child?.inode?.type === "symlink") {
        if (!follow && this.#replaces(pathOfNode(child))) return undefined;
        if (++links > mostLinks) this.#refuseLinks(parts);
        if (child.inode.linkname.startsWith("/")) at = this.#root;
        steps.push(...stepsOf(child.inode.linkname).reverse());
      } else if (child?.children) at = child;
      else missing.push(step);
    }
    if (missing.length > 0 && !make) return undefined;
    for (const name of missing) at = this.#make(at, name);
    return at;
  }

  /** Makes a directory that no entry tells of. */
  #make(parent: Node, name: string): Node {
    this.#remove(parent, name);
    const directory = nodeOf(name, parent);
    parent.children!.set(name, directory);
    return directory;
  }

  /** Whether this layer has a directory of its own at a path. */
  #replaces(path: string): boolean {
    this.#directories ??= new Set(
      this.#scan.added.filter(({ type }) => type === "directory").map(({ path }) => partsOf(path).join("/")),
    );
    return this.#directories.has(path);
  }

  #remove(parent: Node, name: string): void {
    const node = parent.children!.get(name);
    if (!node) return;
    parent.children!.delete(name);
    if (!this.#onHidden) return;
    for (const hidden of [node, ...nodesBelow(node)]) if (hidden.inode) this.#tell(hidden.inode);
  }

  #tell(hidden: Inode): void {
    if (hidden.layer !== this.#layer) this.#onHidden?.(hidden, this.#layer);
  }

  #refuseLinks(parts: readonly string[]): never {
    const path = JSON.stringify(parts.join("/"));
    throw new GantryError("invalid-archive", `read ${this.#what}: too many symlinks on the way to ${path}`);
  }

  #refuse(link: Inode, why: string): never {
    throw new GantryError(
      "invalid-archive",
      `read ${this.#what}: ${JSON.stringify(link.path)} is a hard link to ${
        JSON.stringify(link.linkname)
      }, ${why}`,
    );
  }
}
