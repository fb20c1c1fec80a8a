import { Buffer } from "node:buffer";
import type { BigIntStats } from "node:fs";
import { lstat, readdir, readlink, realpath } from "node:fs/promises";
import process from "node:process";
import { GantryError } from "../errors.ts";
import type { TarItem, TarType } from "../tar/mod.ts";
import { decodeName } from "../tar/mod.ts";
import { fileContent } from "./content.ts";
import { diskError } from "./errors.ts";

/** How to pack a directory. */
export interface PackOptions {
  /** Who owns everything: 0:0 unless told. `keep` takes the numbers from the disk. */
  owner?: { uid: number; gid: number } | "keep" | undefined;
  /** When everything changed, in seconds since 1970: 0 unless told. `keep` takes whole seconds from the disk. */
  mtime?: number | "keep" | undefined;
  /** Is told of what a tar cannot hold: sockets. */
  onSkip?: ((path: string, reason: string) => void) | undefined;
  /** Ends the packing. */
  signal?: AbortSignal | undefined;
}

/**
 * What is in a directory, as items for `writeTar`: the same tree gives the same tar wherever it lies and whoever copied
 * it there. Items come sorted by the bytes of their paths, directories before what is in them and with a slash at the
 * end; the directory itself is not among them. A file that has several names is a file once and a hard link after that.
 * Content is read when its stream is. Extended attributes are not packed: no runtime tells them.
 *
 * @throws {GantryError} `not-found` when the directory is not there, `storage` when something cannot be read, and from
 * a file's stream `conflict` when the file is not as long as it was.
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
  const root = await realpath(directory).catch((error) => diskError("pack", directory, error));
  const firstNames = new Map<string, string>();
  yield* packInside(Buffer.from(root), Buffer.alloc(0), firstNames, options);
}

interface Found {
  /** Where it is on disk. */
  place: Buffer;
  /** Its path in the archive; directories' end in a slash. */
  path: Buffer;
  stat: BigIntStats;
}

async function* packInside(
  place: Buffer,
  path: Buffer,
  firstNames: Map<string, string>,
  options: PackOptions,
): AsyncGenerator<TarItem, void, void> {
  for (const found of await list(place, path)) {
    options.signal?.throwIfAborted();
    const item = await itemOf(found, firstNames, options);
    if (item) yield item;
    if (found.stat.isDirectory()) yield* packInside(found.place, found.path, firstNames, options);
  }
}

async function list(place: Buffer, path: Buffer): Promise<Found[]> {
  const shown = place.toString();
  const names = await readdir(place, { encoding: "buffer" }).catch((error) =>
    diskError("pack", shown, error)
  );
  const all: Found[] = [];
  for (const name of names) {
    const here = Buffer.concat([place, slash, name]);
    const stat = await lstat(here, { bigint: true }).catch((error) => {
      // Deno reads names that are not UTF-8 with U+FFFD in them, and finds nothing under such a name.
      if (name.includes("\ufffd")) throw notUtf8(here);
      return diskError("pack", here.toString(), error);
    });
    all.push({ place: here, path: Buffer.concat([path, name, ...stat.isDirectory() ? [slash] : []]), stat });
  }
  all.sort((a, b) => Buffer.compare(a.path, b.path));
  const twice = all.find((found, i) => i > 0 && found.path.equals(all[i - 1]!.path));
  if (twice) throw notUtf8(twice.place);
  return all;
}

async function itemOf(
  { place, path, stat }: Found,
  firstNames: Map<string, string>,
  options: PackOptions,
): Promise<TarItem | undefined> {
  const shown = decodeName(path);
  const type = typeOf(stat);
  if (!type) {
    options.onSkip?.(
      shown,
      stat.isSocket() ? "a socket means nothing in a tar" : "of no type that a tar knows",
    );
    return undefined;
  }
  const item: TarItem = { type, path: shown, size: 0, options: optionsOf(stat, type, options) };
  if (stat.nlink > 1n && type !== "directory") {
    const inode = `${stat.dev}:${stat.ino}`;
    const linkname = firstNames.get(inode);
    if (linkname !== undefined) return { ...item, type: "hardlink", linkname };
    firstNames.set(inode, shown);
  }
  if (type === "symlink") {
    const target = await readlink(place, { encoding: "buffer" }).catch((error) =>
      diskError("pack", shown, error)
    );
    return { ...item, linkname: decodeName(target) };
  }
  if (type !== "file") return item;
  return { ...item, size: Number(stat.size), readable: fileContent(place, stat) };
}

function typeOf(stat: BigIntStats): TarType | undefined {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isFIFO()) return "fifo";
  if (stat.isCharacterDevice()) return "character-device";
  if (stat.isBlockDevice()) return "block-device";
  return undefined;
}

function optionsOf(stat: BigIntStats, type: TarType, { owner, mtime = 0 }: PackOptions): TarItem["options"] {
  const { uid, gid } = owner === "keep"
    ? { uid: Number(stat.uid), gid: Number(stat.gid) }
    : owner ?? { uid: 0, gid: 0 };
  return {
    // Systems differ in the mode of a symlink, which nothing looks at.
    mode: type === "symlink" ? 0o777 : Number(stat.mode & 0o7777n),
    uid,
    gid,
    mtime: mtime === "keep" ? Math.floor(Number(stat.mtimeMs) / 1000) : mtime,
    ...type.endsWith("device") ? deviceNumbers(stat.rdev) : {},
  };
}

/** Takes a device number apart as the system's `major` and `minor` do. */
function deviceNumbers(rdev: bigint): { devmajor: number; devminor: number } {
  if (process.platform === "darwin") {
    return { devmajor: Number(rdev >> 24n & 0xffn), devminor: Number(rdev & 0xffffffn) };
  }
  return {
    devmajor: Number(rdev >> 8n & 0xfffn | rdev >> 32n & 0xfffff000n),
    devminor: Number(rdev & 0xffn | rdev >> 12n & 0xffffff00n),
  };
}

const slash = Buffer.from("/");

function notUtf8(place: Buffer): GantryError {
  return new GantryError(
    "unsupported",
    `pack ${JSON.stringify(place.toString())}: its name is not UTF-8, which this runtime cannot open`,
  );
}
