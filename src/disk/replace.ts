import type { FileHandle } from "node:fs/promises";
import { rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncDirectory } from "./directory.ts";
import { writeAll } from "./files.ts";

/** A file that has just been made, under a name of no meaning. */
export interface TemporaryFile {
  path: string;
  file: FileHandle;
}

/**
 * Puts a file in its place, whole or not at all, and for good: it is written under another name on the same disk,
 * flushed and renamed, and then the directory is flushed, or told to whoever flushes it later.
 */
export async function putFile(
  path: string,
  bytes: Uint8Array,
  { path: temporary, file }: TemporaryFile,
  flush: (directory: string) => void | Promise<void> = syncDirectory,
): Promise<void> {
  try {
    try {
      await writeAll(file, bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await flush(dirname(path));
}

/** Gives a flushed file its final name, for good. */
export async function moveFile(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDirectory(dirname(to));
}
