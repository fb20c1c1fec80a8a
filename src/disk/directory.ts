import type { FileHandle } from "node:fs/promises";
import { mkdir, open, readdir } from "node:fs/promises";
import { dirname } from "node:path";
import { errno, ifThere } from "./errors.ts";

/** Makes new names in a directory survive a power cut. Windows can do without, and cannot do it. */
export async function syncDirectory(path: string): Promise<void> {
  let directory: FileHandle | undefined;
  try {
    directory = await open(path, "r");
    await directory.sync();
  } catch (error) {
    if (!["EISDIR", "EPERM", "EINVAL", "ENOTSUP", "EBADF"].includes(errno(error) ?? "")) throw error;
  } finally {
    await directory?.close();
  }
}

/** Makes a directory and those above it, for good. */
export async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let at = path; at.length >= first.length && at !== dirname(at); at = dirname(at)) {
    await syncDirectory(dirname(at));
  }
}

/** The names in a directory in order, none where there is no such directory. */
export async function namesIn(directory: string): Promise<string[]> {
  return ((await ifThere(readdir(directory))) ?? []).sort();
}

/** Whether a session or lease may be called this: its name becomes a file's. */
export function isFileName(name: string): boolean {
  return /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}$/.test(name);
}
