import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { lstat, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { constants as system } from "node:os";
import { dirname } from "node:path";
import type { Bytes } from "./bytes.ts";
import { GantryError } from "./errors.ts";

/** The operating system's word for what went wrong: `ENOENT`, `ENOSPC`. */
export function errno(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  if (typeof code === "string") return /^E[A-Z0-9]+$/.test(code) ? code : undefined;
  // Deno has no word for some, such as EDQUOT and EFBIG, but gives their number.
  const number = Number(/\(os error (\d+)\)$/.exec(error.message)?.[1]);
  return Object.entries(system.errno).find(([, known]) => known === number)?.[0];
}

const reasons: Record<string, string> = {
  ENOSPC: "no space left on the disk",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be larger than allowed",
  EROFS: "the disk is read-only",
  EACCES: "permission denied",
  EPERM: "permission denied",
};

/**
 * Does something with files. What the disk refuses becomes a `storage` error that begins with `action`, which names
 * the directory; the file is named by the operating system, or not at all.
 */
export async function onDisk<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageError(action, error);
  }
}

/** The error of {@link onDisk}. Deno's own refusals have no number, but a name. */
export function storageError(action: string, error: unknown): unknown {
  const code = errno(error);
  if (!(error instanceof Error) || (code === undefined && error.name !== "NotCapable")) return error;
  const { path } = error as { path?: unknown };
  const reason = code === undefined ? undefined : reasons[code];
  const where = reason && typeof path === "string" ? `: ${path}` : "";
  return new GantryError("storage", `${action}: ${reason ?? error.message}${where}`, { cause: error });
}

/** What `work` gives; nothing where a file or directory on its way is missing. */
export async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const code = errno(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** What is known of a file that is there. */
export interface FileFacts {
  /** Bytes. */
  size: number;
  /** When its bytes were last changed, in milliseconds since 1970. */
  changed: number;
  /** Its number on the disk. */
  ino: number;
}

/** A regular file's facts, nothing where there is none. A link, directory or pipe in its place is an error. */
export async function factsOf(path: string): Promise<FileFacts | undefined> {
  const found = await ifThere(lstat(path));
  if (found && !found.isFile()) {
    throw new GantryError("invalid-document", `read ${JSON.stringify(path)}: not a regular file`);
  }
  return found && { size: found.size, changed: found.mtimeMs, ino: found.ino };
}

/** For reading, and not through a link. */
export const reading: number = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);

/** A small file whole, nothing where there is none. */
export async function readSmall(path: string, limit: number): Promise<Bytes | undefined> {
  const file = await factsOf(path) && await ifThere(open(path, reading));
  if (!file) return undefined;
  try {
    const { size } = await file.stat(); // of this file: another may be in its place by now
    if (size > limit) {
      throw new GantryError(
        "too-large",
        `read ${JSON.stringify(path)}: ${size} bytes, the limit is ${limit}`,
      );
    }
    const bytes = new Uint8Array(size);
    let at = 0;
    for (let count = -1; count !== 0 && at < size; at += count) {
      count = (await file.read(bytes, at, size - at, at)).bytesRead;
    }
    return bytes.subarray(0, at);
  } finally {
    await file.close();
  }
}

/** Writes all of the bytes where the file stands. */
export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) {
    at += (await file.write(bytes, at, bytes.byteLength - at)).bytesWritten;
  }
}

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
