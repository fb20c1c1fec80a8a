import { Buffer } from "node:buffer";
import type { BigIntStats } from "node:fs";
import { lstat, readdir, readlink, realpath } from "node:fs/promises";
import process from "node:process";
import { GantryError } from "../errors.ts";
import type { TarItem, TarOptions, TarType } from "../tar/mod.ts";
import { decodeName } from "../tar/mod.ts";
import { fileContent } from "./content.ts";
import { failOnDisk } from "../disk/errors.ts";
import type { PackOptions } from "./pack_options.ts";
import { type RecordedOwner, setIDs } from "./unpack/owners.ts";
import { within } from "./within.ts";

/** Something on disk. */
export interface Found {
  /** What is being done, for messages: `pack`. */
  action: string;
  /** Where it is. */
  diskPath: Buffer;
  /** Its path in the archive; directories' end in a slash. */
  path: Buffer;
  stat: BigIntStats;
  /** Where a symlink points. */
  target: string | undefined;
}

/** The directory to begin with, whatever links lead there. */
export async function rootOf(directory: string, action: string): Promise<Found> {
  const failed = (error: unknown) => failOnDisk(action, directory, error);
  const diskPath = Buffer.from(await realpath(directory).catch(failed));
  const stat = await lstat(diskPath, { bigint: true }).catch(failed);
  if (!stat.isDirectory()) return failed({ code: "ENOTDIR" });
  return { action, diskPath, path: Buffer.alloc(0), stat, target: undefined };
}

/** What is in a directory, sorted by the bytes of its paths; sockets and the like are left out and told. */
export async function list(directory: Found, onSkip?: PackOptions["onSkip"]): Promise<Found[]> {
  const all = await within(directory, (diskPath) => findIn(directory, diskPath));
  all.sort((a, b) => Buffer.compare(a.path, b.path));
  const twice = all.find((found, i) => i > 0 && found.path.equals(all[i - 1]!.path));
  if (twice) throw notUtf8(twice.action, twice.diskPath);
  return all.filter(({ path, stat }) => {
    if (typeOf(stat)) return true;
    const reason = stat.isSocket() ? "a socket means nothing in a tar" : "of no type that a tar knows";
    onSkip?.(decodeName(path), reason);
    return false;
  });
}

/** Looks at everything in a directory; `at` is the path that leads there now. */
async function findIn({ action, diskPath, path }: Found, at: Buffer): Promise<Found[]> {
  const names = await readdir(at, { encoding: "buffer" }).catch((error) =>
    failOnDisk(action, diskPath.toString(), error)
  );
  const all: Found[] = [];
  for (const name of names) {
    const [here, there] = [at, diskPath].map((above) => Buffer.concat([above, slash, name])) as [
      Buffer,
      Buffer,
    ];
    const failed = (error: unknown) => {
      // Deno reads names that are not UTF-8 with U+FFFD in them, and finds nothing under such a name.
      if (name.includes("\ufffd")) throw notUtf8(action, there);
      return failOnDisk(action, there.toString(), error);
    };
    const stat = await lstat(here, { bigint: true }).catch(failed);
    const target = stat.isSymbolicLink()
      ? decodeName(await readlink(here, { encoding: "buffer" }).catch(failed))
      : undefined;
    const end = stat.isDirectory() ? [slash] : [];
    all.push({ action, diskPath: there, path: Buffer.concat([path, name, ...end]), stat, target });
  }
  return all;
}

/** What something is in a tar: a hard link, if the tar has it under another name already. */
export function itemOf(found: Found, options: PackOptions, linkname?: string): TarItem {
  const { path, stat, target } = found;
  const type = typeOf(stat)!;
  const item: TarItem = { type, path: decodeName(path), size: 0, options: optionsOf(found, options) };
  if (linkname !== undefined) return { ...item, type: "hardlink", linkname };
  if (target !== undefined) return { ...item, linkname: target };
  if (type !== "file") return item;
  return { ...item, size: Number(stat.size), readable: fileContent(found) };
}

/** The inode that something shares with other names; nothing where it has one name only. */
export function sharedInode({ stat }: Found): string | undefined {
  return stat.nlink > 1n && !stat.isDirectory() ? `${stat.dev}:${stat.ino}` : undefined;
}

/** What type a tar has for it, if any. */
export function typeOf(stat: BigIntStats): TarType | undefined {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isFIFO()) return "fifo";
  if (stat.isCharacterDevice()) return "character-device";
  if (stat.isBlockDevice()) return "block-device";
  return undefined;
}

/** What a header says of it besides. */
export function optionsOf({ stat, path }: Found, { owner, mtime = 0 }: PackOptions): TarOptions {
  const type = typeOf(stat)!;
  const mode = Number(stat.mode & 0o7777n);
  const { uid, gid, mode: recorded = mode } = owner === "keep"
    ? { uid: Number(stat.uid), gid: Number(stat.gid) }
    : recordedOf(owner, path) ?? { uid: 0, gid: 0 };
  return {
    // Systems differ in the mode of a symlink, which nothing looks at. One that was changed meanwhile holds.
    mode: type === "symlink" ? 0o777 : (recorded & ~setIDs) === mode ? recorded : mode,
    uid,
    gid,
    mtime: mtime === "keep" ? Math.floor(Number(stat.mtimeMs) / 1000) : mtime,
    ...type.endsWith("device") ? deviceNumbers(stat.rdev) : {},
  };
}

/** Whether this is not on the disk because it could not be put there. */
export function isMissing(path: string, { owner }: PackOptions): boolean {
  return owner instanceof Map && owner.get(path)?.missing === true;
}

function recordedOf(owner: Exclude<PackOptions["owner"], "keep">, path: Buffer): RecordedOwner | undefined {
  return owner instanceof Map
    ? owner.get(decodeName(path).replace(/\/$/, ""))
    : owner as { uid: number; gid: number } | undefined;
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

function notUtf8(action: string, diskPath: Buffer): GantryError {
  return new GantryError(
    "unsupported",
    `${action} ${JSON.stringify(diskPath.toString())}: its name is not UTF-8, which this runtime cannot open`,
  );
}
