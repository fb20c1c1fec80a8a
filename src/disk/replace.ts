import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncDirectory } from "./directory.ts";
import { writeAll } from "./files.ts";

/**
 * Puts a file in its place, whole or not at all, and for good: it is written under another name on the same disk,
 * flushed and renamed, and then the directory is flushed.
 */
export async function putFile(path: string, bytes: Uint8Array, temporary: string): Promise<void> {
  try {
    const file = await open(temporary, "wx");
    try {
      await writeAll(file, bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await moveFile(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

/** Gives a flushed file its final name, for good. */
export async function moveFile(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDirectory(dirname(to));
}
