import { randomUUID } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { open, realpath, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Bytes, chunksOf } from "../../bytes.ts";
import { GantryError } from "../../errors.ts";
import { ifThere, onDisk } from "../../disk/errors.ts";
import { moveFile } from "../../disk/replace.ts";
import { writeAll } from "../../disk/files.ts";
import type { Descriptor } from "../../spec/descriptor.ts";
import { type ArchiveImage, archiveStream, type WriteArchiveOptions } from "./archive.ts";

/**
 * Writes images into a file as one tar, and tells their descriptors. The file is there when all of it is, in place of
 * the one that was there before; a device or pipe is written to as it is.
 *
 * @throws {GantryError} What the stream of `writeArchive` fails with; `storage`.
 *
 * @example
 * ```ts
 * import { saveArchive } from "@gantry/oci/archive";
 * import { emptyImage } from "@gantry/oci/image";
 *
 * const path = `${await Deno.makeTempDir()}/app.tar`;
 * const [descriptor] = await saveArchive(path, [{ image: emptyImage(), names: ["app:v1"] }]);
 * console.log(descriptor?.digest);
 * ```
 */
export async function saveArchive(
  path: string,
  images: Iterable<ArchiveImage>,
  options: WriteArchiveOptions = {},
): Promise<Descriptor[]> {
  const { signal } = options;
  let roots: Descriptor[] = [];
  const bytes = archiveStream([...images], options, (found) => roots = found);
  const action = `write archive ${JSON.stringify(path)}`;
  try {
    const there = await onDisk(action, () => ifThere(stat(path)));
    if (there?.isDirectory()) throw new GantryError("unsupported", `${action}: a directory is there`);
    await onDisk(action, async () => {
      // Behind a link, the file that it leads to is replaced, not the link.
      if (!there) await put(path, bytes, signal);
      else if (there.isFile()) await put(await realpath(path), bytes, signal);
      else await writeInto(await open(path, "w"), bytes, signal);
    });
    return roots;
  } catch (error) {
    await bytes.cancel(error).catch(() => {}); // locked, if it was being read
    throw error;
  }
}

/** Puts a file in its place, whole or not at all. */
async function put(path: string, bytes: ReadableStream<Bytes>, signal?: AbortSignal): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  const file = await open(temporary, "wx");
  try {
    await writeInto(file, bytes, signal, true);
    await moveFile(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

async function writeInto(
  file: FileHandle,
  bytes: ReadableStream<Bytes>,
  signal?: AbortSignal,
  durable = false,
): Promise<void> {
  try {
    for await (const chunk of chunksOf(bytes, signal)) await writeAll(file, chunk);
    if (durable) await file.sync();
  } finally {
    await file.close();
  }
}
