import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { lstat, open } from "node:fs/promises";
import process from "node:process";
import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { ifThere } from "./errors.ts";

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

/** Deno copies what it is to write at once into one piece, which costs more memory and time than writing each. */
const oneByOne = process.versions["deno"] !== undefined;

/** Writes all of the pieces where the file stands, and tells how many bytes they have. */
export async function writePieces(file: FileHandle, pieces: readonly Uint8Array[]): Promise<number> {
  const size = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (size === 0) return 0;
  let bytesWritten = oneByOne ? 0 : (await file.writev(pieces)).bytesWritten;
  if (bytesWritten === size) return size;
  // A disk that is nearly full takes a part.
  for (const piece of pieces) {
    if (bytesWritten < piece.byteLength) await writeAll(file, piece.subarray(bytesWritten));
    bytesWritten = Math.max(0, bytesWritten - piece.byteLength);
  }
  return size;
}
