import { Buffer } from "node:buffer";
import { chunksOf } from "../bytes.ts";
import { createHasher } from "../digest/hasher.ts";
import type { Image } from "../image/image.ts";
import { encodeName, type TarItem } from "../tar/mod.ts";
import { openTree } from "../tree/open.ts";
import type { Tree, TreeFile } from "../tree/tree.ts";
import { fileContent } from "./content.ts";
import { type Before, Differ } from "./diff.ts";
import type { PackOptions } from "./pack_options.ts";
import { type Found, optionsOf, rootOf, typeOf } from "./scan.ts";

/**
 * What makes the file system of an image into a directory, as items of a layer for `writeTar`: the layer that is missing on
 * top of the image. It is what {@link diffDirectories} gives for the unpacked image and the directory; the image is
 * read once, and not unpacked. A tree has to be opened with `digests`.
 *
 * Extended attributes are not compared: no runtime tells them.
 *
 * @throws {GantryError} As {@link diffDirectories}, and what reading the image throws.
 *
 * @example
 * ```ts
 * import { emptyImage, layer } from "@gantry/oci/image";
 * import { packChanges, unpack } from "@gantry/oci/rootfs";
 * import { writeTar } from "@gantry/oci/tar";
 * import { mkdtemp, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const root = join(await mkdtemp(join(tmpdir(), "gantry-")), "root");
 * await unpack(emptyImage(), root);
 * await writeFile(join(root, "hello"), "hello");
 * const added = layer(() => writeTar(packChanges(emptyImage(), root)), { compression: "none" });
 * console.log((await emptyImage().append(added).layers()).length); // 1
 * ```
 */
export async function* packChanges(
  before: Image | Tree,
  directory: string,
  options: PackOptions = {},
): AsyncGenerator<TarItem, void, void> {
  const upper = await rootOf(directory, "pack");
  const { signal } = options;
  await using opened = "files" in before
    ? undefined
    : await openTree(before, { content: false, digests: true, signal });
  const lower = rootOfTree(opened ?? before as Tree);
  yield* new Differ(options).inside(lower, upper, undefined);
}

/** Something in the tree of an image. */
class TreeBefore implements Before {
  readonly path: Buffer;
  readonly file: TreeFile;
  readonly below: TreeBefore[] = [];

  constructor(path: string, file: TreeFile) {
    this.path = Buffer.from(encodeName(file.type === "directory" ? `${path}/` : path));
    this.file = file;
  }

  list(): Promise<Before[]> {
    return Promise.resolve(this.below);
  }

  async same(after: Found, options: PackOptions): Promise<boolean> {
    const { type, size, linkname, digest } = this.file;
    if (typeOf(after.stat) !== type || !this.#sameFacts(after, options)) return false;
    if (after.target !== undefined) return after.target === linkname;
    if (type !== "file") return true;
    return BigInt(size) === after.stat.size &&
      (digest === undefined || await digestOf(after, options) === digest);
  }

  #sameFacts(after: Found, options: PackOptions): boolean {
    const { type, mode, uid, gid, mtime, devmajor, devminor } = this.file;
    const { owner, mtime: time } = options;
    const other = optionsOf(after, options);
    // An owner that everything gets is no change.
    const isOwned = owner === "keep" || owner instanceof Map;
    const sameOwner = !isOwned || (uid === other.uid && gid === other.gid);
    const sameTime = time !== "keep" || type === "directory" || mtime.seconds === other.mtime;
    const sameDevice = !type.endsWith("device") ||
      (devmajor === other.devmajor && devminor === other.devminor);
    return (type === "symlink" || mode === other.mode) && sameOwner && sameTime && sameDevice;
  }
}

function rootOfTree(tree: Tree): TreeBefore {
  const known = new Map<string, TreeBefore>();
  const root = new TreeBefore("", { type: "directory" } as TreeFile);
  for (const file of tree.files()) {
    if (file.path === ".") continue;
    const first = file.type === "hardlink" ? known.get(file.linkname!)!.file : file;
    const node = new TreeBefore(file.path, first);
    const above = file.path.slice(0, Math.max(0, file.path.lastIndexOf("/")));
    (known.get(above) ?? root).below.push(node);
    known.set(file.path, node);
  }
  return root;
}

async function digestOf(found: Found, { signal }: PackOptions): Promise<string> {
  const hasher = await createHasher();
  for await (const chunk of chunksOf(fileContent(found), signal)) await hasher.update(chunk);
  return await hasher.digest();
}
