import type { FileHandle } from "node:fs/promises";
import { open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Bytes, chunksOf } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { giveBack } from "../lent.ts";
import { ifThere, onDisk } from "./errors.ts";
import { FileWriter } from "./file_writer.ts";
import { moveFile } from "./replace.ts";

/** How to save a stream. */
export interface SaveOptions {
  /** What is being done, for errors: `write archive "app.tar"`. */
  action: string;
  /** Whether the file outlives a crash of the machine once it is there. */
  durable: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Writes a stream into a file, which is there when all of it is, in place of the one that was there before; a device or pipe is
 * written to as it is.
 */
export async function saveStream(
  path: string,
  bytes: ReadableStream<Bytes>,
  options: SaveOptions,
): Promise<void> {
  const { action } = options;
  try {
    const there = await onDisk(action, () => ifThere(stat(path)));
    if (there?.isDirectory()) throw new GantryError("unsupported", `${action}: a directory is there`);
    await onDisk(action, async () => {
      // Behind a link, the file that it leads to is replaced, not the link.
      if (!there) await put(path, bytes, options);
      else if (there.isFile()) await put(await realpath(path), bytes, options);
      else await writeInto(await open(path, "w"), bytes, { ...options, durable: false });
    });
  } catch (error) {
    await bytes.cancel(error).catch(() => {}); // locked, if it was being read
    throw error;
  }
}

/** Puts a file in its place, whole or not at all. */
async function put(path: string, bytes: ReadableStream<Bytes>, options: SaveOptions): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.tmp`);
  const file = await open(temporary, "wx");
  try {
    await writeInto(file, bytes, options);
    await (options.durable ? moveFile : rename)(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

async function writeInto(
  file: FileHandle,
  bytes: ReadableStream<Bytes>,
  { durable, signal }: SaveOptions,
): Promise<void> {
  try {
    const written = (_: number, pieces: readonly Bytes[]) => pieces.forEach(giveBack);
    const writer = new FileWriter(file, { flushed: durable, written });
    for await (const chunk of chunksOf(bytes, signal)) await writer.add(chunk);
    await writer.drain();
    if (durable) await writer.sync();
  } finally {
    await file.close();
  }
}
