/** A file system as plain as can be, which layers are unpacked into: what the merge is held against. */

import { whiteoutPrefix } from "../../src/spec/mod.ts";

/** An entry of a layer. */
export interface Entry {
  type: "file" | "directory" | "symlink" | "hardlink" | "fifo" | "whiteout" | "opaque";
  path: string;
  content?: string;
  linkname?: string;
  mode?: number;
}

/** A file, directory or link. */
export interface Thing {
  type: Exclude<Entry["type"], "hardlink" | "whiteout" | "opaque">;
  content: string;
  target: string;
  mode: number;
}

/** What makes a layer one that cannot be unpacked. */
export class Refused extends Error {}

/** Paths, none with a slash before or behind it, and what is there; two names of one file have the same thing. */
export type Files = Map<string, Thing>;

/** Unpacks layers one over the other. */
export function unpack(layers: readonly (readonly Entry[])[]): Files {
  const files: Files = new Map();
  for (const layer of layers) {
    const own = new Set(
      layer.filter(({ type }) => type === "directory").map(({ path }) => clean(path).join("/")),
    );
    for (const entry of layer) {
      if (entry.type === "whiteout") remove(files, whereIs(files, entry.path, own));
      if (entry.type === "opaque") empty(files, whereIs(files, `${entry.path}/x`, own));
    }
    let late: Entry[] = [];
    for (const entry of layer) if (!put(files, entry)) late.push(entry);
    while (late.length > 0) {
      const left = late.filter((entry) => !files.has(place(files, entry.path)) && !put(files, entry));
      if (left.length === late.length) throw new Refused("a link to nothing");
      late = left;
    }
  }
  return files;
}

/** The path of a whiteout's file in a tar. */
export function whiteoutOf({ type, path }: Entry): string {
  if (type === "opaque") return `${path}/${whiteoutPrefix}${whiteoutPrefix}.opq`;
  const parts = path.split("/");
  return [...parts.slice(0, -1), whiteoutPrefix + parts.at(-1)].join("/");
}

function put(files: Files, entry: Entry): boolean {
  const { type, path, content = "", linkname = "", mode = 0o644 } = entry;
  if (type === "whiteout" || type === "opaque") return true;
  if (type === "hardlink") {
    const at = place(files, path);
    const from = lookup(files, linkname);
    if (from !== undefined && files.get(from)!.type === "directory") {
      throw new Refused("a link to a directory");
    }
    if (from === at) return true;
    const thing = from === undefined ? undefined : files.get(from)!;
    remove(files, at);
    if (thing) files.set(at, thing);
    return thing !== undefined;
  }
  const at = place(files, path);
  if (type === "directory" && files.get(at)?.type === "directory") files.get(at)!.mode = mode;
  else {
    remove(files, at);
    files.set(at, { type, content, target: linkname, mode });
  }
  return true;
}

/** Where something is to be put: the directories above it are made. */
function place(files: Files, path: string): string {
  const parts = clean(path);
  const last = parts.pop()!;
  const above = walk(files, parts)!;
  const names = above === "" ? [] : above.split("/");
  for (const at of names.map((_, i) => names.slice(0, i + 1).join("/"))) {
    if (files.get(at)?.type === "directory") continue;
    remove(files, at);
    files.set(at, { type: "directory", content: "", target: "", mode: 0o755 });
  }
  return join(above, last);
}

/** Where something is, if it is there; its last part is not followed. */
export function lookup(files: Files, path: string): string | undefined {
  const parts = clean(path);
  const last = parts.pop();
  if (last === undefined) throw new Refused("a link to the root");
  const at = join(walk(files, parts)!, last);
  return files.has(at) ? at : undefined;
}

/** The same for what a whiteout hides: not through a link that the layer has a directory for. */
function whereIs(files: Files, path: string, own: Set<string>): string | undefined {
  const parts = clean(path);
  const last = parts.pop()!;
  const above = walk(files, parts, (at) => !own.has(at));
  return above === undefined ? undefined : join(above, last);
}

function walk(
  files: Files,
  parts: readonly string[],
  follow: (at: string) => boolean = () => true,
): string | undefined {
  let at = "";
  const steps = [...parts];
  for (let links = 0; steps.length > 0;) {
    const step = steps.shift()!;
    if (step === "..") {
      at = at.split("/").slice(0, -1).join("/");
      continue;
    }
    const next = join(at, step);
    const there = files.get(next);
    if (there?.type === "symlink") {
      if (!follow(next)) return undefined;
      if (++links > 255) throw new Refused("too many links");
      if (there.target.startsWith("/")) at = "";
      steps.unshift(...there.target.split("/").filter((part) => part !== "" && part !== "."));
      continue;
    }
    at = next;
  }
  return at;
}

function remove(files: Files, at: string | undefined): void {
  if (at === undefined) return;
  files.delete(at);
  empty(files, `${at}/x`);
}

function empty(files: Files, inside: string | undefined): void {
  if (inside === undefined) return;
  const directory = inside.slice(0, -1);
  for (const path of [...files.keys()]) {
    if (directory === "" || path.startsWith(directory)) files.delete(path);
  }
}

function join(directory: string, name: string): string {
  return directory === "" ? name : `${directory}/${name}`;
}

function clean(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts;
}
