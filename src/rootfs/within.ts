import { Buffer } from "node:buffer";
import type { BigIntStats } from "node:fs";
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { lstat, open } from "node:fs/promises";
import process from "node:process";
import { GantryError } from "../errors.ts";
import { failOnDisk } from "../disk/errors.ts";

/** A directory, and what was known of it when it was found. */
export interface Directory {
  /** What is being done, for messages. */
  action: string;
  diskPath: Buffer;
  stat: BigIntStats;
}

/**
 * Looks into the directory that was found, and into no other that has taken its place, or that of one above it, since.
 * `look` is given a path that leads there.
 */
export async function within<T>(directory: Directory, look: (diskPath: Buffer) => Promise<T>): Promise<T> {
  const handle = process.platform === "linux" ? await openDirectory(directory) : undefined;
  try {
    const opened = handle && Buffer.from(`/proc/self/fd/${handle.fd}`);
    const there = opened && await statOf(Buffer.concat([opened, self]));
    // A path may lead elsewhere and back again between two looks; what is open does not.
    if (there && !isSame(there, directory.stat)) throw changed(directory);
    if (there) return await look(opened);
    // Without /proc, or where it may not be read, looks before and after must do.
    await checkPath(directory);
    const found = await look(directory.diskPath);
    await checkPath(directory);
    return found;
  } finally {
    await handle?.close();
  }
}

async function openDirectory(directory: Directory): Promise<FileHandle> {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  return await open(directory.diskPath, flags).catch(async (error) => {
    const there = await statOf(directory.diskPath);
    if (there && !isSame(there, directory.stat)) throw changed(directory);
    return failOnDisk(directory.action, directory.diskPath.toString(), error);
  });
}

/** Throws unless the path leads to the directory. */
async function checkPath(directory: Directory): Promise<void> {
  const there = await statOf(directory.diskPath);
  if (!there || !isSame(there, directory.stat)) throw changed(directory);
}

async function statOf(diskPath: Buffer): Promise<BigIntStats | undefined> {
  return await lstat(diskPath, { bigint: true }).catch(() => undefined);
}

/** Whether it is one and the same on the disk. */
export function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

function changed({ action, diskPath }: Directory): GantryError {
  return new GantryError(
    "conflict",
    `${action} ${
      JSON.stringify(diskPath.toString())
    }: the directory changed meanwhile: another one took its place`,
  );
}

const self = Buffer.from("/.");
