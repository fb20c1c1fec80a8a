import { Buffer } from "node:buffer";
import type { BigIntStats } from "node:fs";
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { lstat, open } from "node:fs/promises";
import process from "node:process";
import { GantryError } from "../errors.ts";
import { diskError } from "./errors.ts";

/** A directory, and what was known of it when it was found. */
export interface Directory {
  place: Buffer;
  stat: BigIntStats;
}

/**
 * Looks into the directory that was found, and into no other that has taken its place, or that of one above it, since.
 * `look` is given a place that leads there.
 */
export async function within<T>(directory: Directory, look: (place: Buffer) => Promise<T>): Promise<T> {
  const handle = await openDirectory(directory);
  try {
    const pinned = handle && Buffer.from(`/proc/self/fd/${handle.fd}`);
    // A path can lead elsewhere between two looks and back again; what is open cannot.
    if (pinned && await isThere(directory, Buffer.concat([pinned, self]))) return await look(pinned);
    const found = await look(directory.place);
    if (!await isThere(directory)) throw changed(directory);
    return found;
  } finally {
    await handle?.close();
  }
}

/** Opens a directory; where systems cannot, it is only seen to be the one that was found. */
async function openDirectory(directory: Directory): Promise<FileHandle | undefined> {
  if (process.platform === "win32") {
    if (await isThere(directory)) return undefined;
    throw changed(directory);
  }
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  const handle = await open(directory.place, flags).catch(async (error) => {
    if (!await isThere(directory)) throw changed(directory);
    return diskError("pack", directory.place.toString(), error);
  });
  if (isSame(await handle.stat({ bigint: true }), directory.stat)) return handle;
  await handle.close();
  throw changed(directory);
}

/** Whether a place leads to the directory; not where it cannot be told, as where there is no /proc. */
async function isThere({ place, stat }: Directory, at = place): Promise<boolean> {
  try {
    return isSame(await lstat(at, { bigint: true }), stat);
  } catch {
    return false;
  }
}

/** Whether it is one and the same on the disk. */
export function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

function changed({ place }: Directory): GantryError {
  return new GantryError(
    "conflict",
    `pack ${JSON.stringify(place.toString())}: the directory changed meanwhile: another one took its place`,
  );
}

const self = Buffer.from("/.");
