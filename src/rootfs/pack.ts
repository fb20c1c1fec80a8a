import { decodeName, type TarItem } from "../tar/mod.ts";
import type { PackOptions } from "./pack_options.ts";
import { type Found, itemOf, list, rootOf, sharedInode } from "./scan.ts";

/**
 * What is in a directory, as items for `writeTar`: the same tree gives the same tar wherever it lies and whoever copied
 * it there. Items come sorted by the bytes of their paths, directories before what is in them and with a slash at the
 * end; the directory itself is not among them. A file that has several names is a file once and a hard link after that.
 * Content is read when its stream is. Extended attributes are not packed: no runtime tells them.
 *
 * Nothing outside the directory is packed, whoever puts links in it meanwhile.
 *
 * @throws {GantryError} `not-found` when the directory is not there, `storage` when something cannot be read, `conflict`
 * when another directory takes the place of one in it; and from a file's stream `conflict` when another file has taken its
 * place, or it is not as long as it was.
 *
 * @example
 * ```ts
 * import { packDirectory } from "@gantry/oci/rootfs";
 * import { writeTar } from "@gantry/oci/tar";
 * import { mkdtemp, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const directory = await mkdtemp(join(tmpdir(), "gantry-"));
 * await writeFile(join(directory, "hello"), "hello");
 * console.log((await new Response(writeTar(packDirectory(directory))).bytes()).length); // 2048
 * ```
 */
export async function* packDirectory(
  directory: string,
  options: PackOptions = {},
): AsyncGenerator<TarItem, void, void> {
  yield* packInside(await rootOf(directory, "pack"), new Map(), options);
}

async function* packInside(
  directory: Found,
  firstNames: Map<string, string>,
  options: PackOptions,
): AsyncGenerator<TarItem, void, void> {
  for (const found of await list(directory, options.onSkip)) {
    options.signal?.throwIfAborted();
    const skipped = options.skip?.(decodeName(found.path));
    if (skipped) {
      if (skipped === "itself" && found.stat.isDirectory()) yield* packInside(found, firstNames, options);
      continue;
    }
    const inode = sharedInode(found);
    const linkname = inode === undefined ? undefined : firstNames.get(inode);
    const item = itemOf(found, options, linkname);
    if (inode !== undefined && linkname === undefined) firstNames.set(inode, item.path);
    yield item;
    if (found.stat.isDirectory()) yield* packInside(found, firstNames, options);
  }
}
