import type { Buffer } from "node:buffer";
import type { BigIntStats } from "node:fs";
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { failOnDisk } from "../disk/errors.ts";
import { isSame } from "./within.ts";

const pieceSize = 64 * 1024;

/** A file, and what was known of it when it was found. */
export interface FoundFile {
  /** What is being done, for messages. */
  action: string;
  diskPath: Buffer;
  stat: BigIntStats;
}

/**
 * The content of the file that was found, opened when it is first asked for. It must still be that file and just as
 * long; and opening must neither follow a link nor wait for the writer of a FIFO that took its place.
 */
export function fileContent({ action, diskPath, stat: found }: FoundFile): ReadableStream<Bytes> {
  const path = diskPath.toString();
  let handle: FileHandle | undefined;
  let left = Number(found.size);

  async function openFile(): Promise<FileHandle> {
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    const opened = handle = await open(diskPath, flags);
    const now = await opened.stat({ bigint: true });
    if (!now.isFile() || !isSame(now, found)) {
      throw changed("another one took its place");
    }
    return opened;
  }

  function changed(what: string): GantryError {
    return new GantryError(
      "conflict",
      `${action} ${JSON.stringify(path)}: the file changed meanwhile: ${what}`,
    );
  }

  async function close(): Promise<void> {
    const opened = handle;
    handle = undefined;
    await opened?.close();
  }

  return new ReadableStream({
    async pull(controller) {
      try {
        const file = handle ?? await openFile();
        // One byte more than there should be tells whether the file has grown.
        const buffer = new Uint8Array(Math.min(pieceSize, left + 1));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
        if (bytesRead > left) throw changed(`more than ${found.size} bytes`);
        if (bytesRead === 0 && left > 0) {
          throw changed(`${found.size - BigInt(left)} bytes, ${found.size} expected`);
        }
        left -= bytesRead;
        if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead));
        await close();
        controller.close();
      } catch (error) {
        await close().catch(() => {});
        if (GantryError.is(error)) throw error;
        failOnDisk(action, path, error);
      }
    },
    cancel: close,
  }, { highWaterMark: 0 });
}
