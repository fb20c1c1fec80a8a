import { type FileHandle, open, stat } from "node:fs/promises";
import type { Stats } from "node:fs";
import type { Bytes } from "../../bytes.ts";
import { GantryError } from "../../errors.ts";
import { errno, storageError } from "../../disk/errors.ts";
import type { Slices } from "../../content/slices.ts";
import { streamOfPieces } from "../../bytes.ts";

const pieceSize = 64 * 1024;

/**
 * A file's bytes. It is opened anew for each stream, and must be the file that it was.
 *
 * @throws {GantryError} `not-found`, `unsupported` for what is no regular file, `storage`.
 */
export async function openFile(path: string): Promise<Slices> {
  const action = `open archive ${JSON.stringify(path)}`;
  const found = await stat(path).catch((error) => {
    const missing = ["ENOENT", "ENOTDIR"].includes(errno(error) ?? "");
    throw missing
      ? new GantryError("not-found", `${action}: no such file`, { cause: error })
      : storageError(action, error);
  });
  if (found.isDirectory()) {
    throw new GantryError("unsupported", `${action}: a directory, not an archive; open it as a layout`);
  }
  if (!found.isFile()) {
    throw new GantryError("unsupported", `${action}: not a regular file, write what it gives to one`);
  }
  return {
    size: found.size,
    slice: (start, end) => ({ stream: () => streamOfPieces(fileBytes(path, found, start, end)) }),
  };
}

async function* fileBytes(
  path: string,
  found: Stats,
  start: number,
  end: number,
): AsyncGenerator<Bytes, void, void> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const now = await file.stat();
    if (now.ino !== found.ino || now.size !== found.size || now.mtimeMs !== found.mtimeMs) {
      throw new GantryError("conflict", `read archive ${JSON.stringify(path)}: it has changed meanwhile`);
    }
    for (let at = start; at < end;) {
      const piece = new Uint8Array(Math.min(pieceSize, end - at));
      const { bytesRead } = await file.read(piece, 0, piece.byteLength, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield piece.subarray(0, bytesRead);
    }
  } catch (error) {
    throw storageError(`read archive ${JSON.stringify(path)}`, error);
  } finally {
    await file?.close();
  }
}
