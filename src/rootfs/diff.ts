import { Buffer } from "node:buffer";
import { type Bytes, chunksOf } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { isWhiteout, whiteoutPrefix } from "../spec/whiteout.ts";
import type { TarItem } from "../tar/mod.ts";
import { decodeName } from "../tar/mod.ts";
import { fileContent } from "./content.ts";
import type { PackOptions } from "./pack_options.ts";
import { type Found, isMissing, itemOf, list, optionsOf, rootOf, sharedInode, typeOf } from "./scan.ts";

/**
 * What makes one directory into another, as items of a layer for `writeTar`: what is new or changed with the directories
 * above it, and for what is gone an empty file whose name begins with `.wh.`. Unpacked over `lower` it gives `upper`.
 * Files are changed when their bytes are, whatever their times; other facts count as far as the options put them into the
 * layer, but never the time of a directory.
 *
 * Items come sorted as those of {@link packDirectory}. When a file that is not changed gets another name, the layer has it
 * under that name, and right behind it its old names as hard links, so that no link leads out of the layer.
 *
 * @throws {GantryError} `not-found`, `storage` and `conflict` as {@link packDirectory}; `invalid-name` for a name that
 * begins with `.wh.`, which a layer cannot hold.
 *
 * @example
 * ```ts
 * import { diffDirectories } from "@gantry/oci/rootfs";
 * import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const directory = await mkdtemp(join(tmpdir(), "gantry-"));
 * await mkdir(join(directory, "before"));
 * await writeFile(join(directory, "before", "old"), "");
 * await mkdir(join(directory, "after"));
 * for await (const item of diffDirectories(join(directory, "before"), join(directory, "after"))) {
 *   console.log(item.path); // .wh.old
 * }
 * ```
 */
export async function* diffDirectories(
  lower: string,
  upper: string,
  options: PackOptions = {},
): AsyncGenerator<TarItem, void, void> {
  const [before, after] = [await rootOf(lower, "pack"), await rootOf(upper, "pack")];
  yield* new Differ(options).inside(new FoundBefore(before), after, undefined);
}

/** Something below, with which what is above is compared. */
export interface Before {
  /** Its path in the archive; directories' end in a slash. */
  readonly path: Buffer;
  /** What is in it, if it is a directory. */
  list(): Promise<Before[]>;
  /** Whether the layer needs nothing to make this into that. */
  same(after: Found, options: PackOptions): Promise<boolean>;
}

/** Something in the upper directory. */
interface Entry extends Found {
  /** The directory that it is in; none for what is on top. */
  parent: Entry | undefined;
  /** Whether the layer has it already. */
  written: boolean;
}

/** Tells what makes something into an upper directory. */
export class Differ {
  readonly #options: PackOptions;
  /** Under which name the layer has an inode. */
  readonly #names = new Map<string, string>();
  /** Unchanged names of inodes that the layer does not have, or not yet. */
  readonly #unchanged = new Map<string, Entry[]>();

  constructor(options: PackOptions) {
    this.#options = options;
  }

  /** Goes through a directory that is in both, or only in the upper one. */
  async *inside(
    lower: Before | undefined,
    upper: Found,
    parent: Entry | undefined,
  ): AsyncGenerator<TarItem, void, void> {
    const befores = new Map((await lower?.list() ?? []).map((before) => [nameOf(before.path), before]));
    const afters = new Map(
      (await list(upper, this.#options.onSkip)).map((found) => [nameOf(found.path), found]),
    );
    const all = new Map<string, Before | Found>([...befores, ...afters]);
    for (const [name, { path }] of [...all].sort(([, a], [, b]) => Buffer.compare(a.path, b.path))) {
      this.#options.signal?.throwIfAborted();
      const [before, found] = [befores.get(name), afters.get(name)];
      if (!found) {
        yield* this.#gone(path, parent);
        continue;
      }
      const entry: Entry = { ...found, parent, written: false };
      yield* this.#there(entry, before !== undefined && await before.same(entry, this.#options));
      if (entry.stat.isDirectory()) yield* this.inside(before, entry, entry);
    }
  }

  async *#gone(pathBytes: Buffer, parent: Entry | undefined): AsyncGenerator<TarItem, void, void> {
    const path = decodeName(pathBytes).replace(/\/$/, "");
    if (isMissing(path, this.#options)) return;
    refuseWhiteout(path);
    const name = path.lastIndexOf("/") + 1;
    yield* this.#directories(parent);
    const { mtime } = this.#options;
    yield {
      type: "file",
      path: `${path.slice(0, name)}${whiteoutPrefix}${path.slice(name)}`,
      size: 0,
      options: { mode: 0, mtime: typeof mtime === "number" ? mtime : 0 },
    };
  }

  async *#there(entry: Entry, unchanged: boolean): AsyncGenerator<TarItem, void, void> {
    const inode = sharedInode(entry);
    if (inode === undefined) {
      if (!unchanged) yield* this.#write(entry);
      return;
    }
    const known = this.#names.get(inode);
    const others = this.#unchanged.get(inode) ?? [];
    if (unchanged && known === undefined) {
      others.push(entry);
      this.#unchanged.set(inode, others);
      return;
    }
    yield* this.#write(entry, known);
    if (known !== undefined) return;
    const name = decodeName(entry.path);
    this.#names.set(inode, name);
    this.#unchanged.delete(inode);
    for (const other of others) yield* this.#write(other, name);
  }

  async *#write(entry: Entry, linkname?: string): AsyncGenerator<TarItem, void, void> {
    const item = itemOf(entry, this.#options, linkname);
    refuseWhiteout(item.path);
    yield* this.#directories(entry.parent);
    entry.written = true;
    yield item;
  }

  /** The directories above something, those that the layer does not have yet. */
  async *#directories(entry: Entry | undefined): AsyncGenerator<TarItem, void, void> {
    if (entry && !entry.written) yield* this.#write(entry);
  }
}

/** Something in a directory on the disk that is not changed. */
class FoundBefore implements Before {
  readonly #found: Found;

  constructor(found: Found) {
    this.#found = found;
  }

  get path(): Buffer {
    return this.#found.path;
  }

  async list(): Promise<Before[]> {
    if (!this.#found.stat.isDirectory()) return [];
    return (await list(this.#found)).map((found) => new FoundBefore(found));
  }

  async same(after: Found, options: PackOptions): Promise<boolean> {
    const before = this.#found;
    const [one, other] = [optionsOf(before, options), optionsOf(after, options)];
    if (after.stat.isDirectory()) one.mtime = other.mtime;
    if (typeOf(before.stat) !== typeOf(after.stat)) return false;
    if (JSON.stringify(one) !== JSON.stringify(other)) return false;
    if (after.target !== undefined) return before.target === after.target;
    return !after.stat.isFile() || await sameContent(before, after, options.signal);
  }
}

async function sameContent(one: Found, other: Found, signal: AbortSignal | undefined): Promise<boolean> {
  if (one.stat.dev === other.stat.dev && one.stat.ino === other.stat.ino) return true;
  if (one.stat.size !== other.stat.size) return false;
  const others = chunksOf(fileContent(other), signal);
  let rest: Bytes = new Uint8Array(0);
  try {
    for await (const chunk of chunksOf(fileContent(one), signal)) {
      for (let at = 0; at < chunk.length;) {
        if (rest.length === 0) rest = (await others.next()).value ?? rest;
        const length = Math.min(rest.length, chunk.length - at);
        if (length === 0 || Buffer.compare(chunk.subarray(at, at + length), rest.subarray(0, length)) !== 0) {
          return false;
        }
        rest = rest.subarray(length);
        at += length;
      }
    }
    return true;
  } finally {
    await others.return();
  }
}

/** The last name of a path, in a form to compare. */
function nameOf(path: Buffer): string {
  const end = path.length - (path.at(-1) === 0x2f ? 1 : 0);
  return path.toString("latin1", path.lastIndexOf(0x2f, end - 1) + 1, end);
}

function refuseWhiteout(path: string): void {
  if (!isWhiteout(path.slice(path.lastIndexOf("/", path.length - 2) + 1))) return;
  throw new GantryError(
    "invalid-name",
    `diff ${JSON.stringify(path)}: a layer takes this name for a whiteout`,
  );
}
