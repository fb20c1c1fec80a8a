import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { errno, storageError } from "./errors.ts";
import { reading } from "./files.ts";

const chunkSize = 512 * 1024;

/** Part of a file, read as it is asked for. The file is closed at the end, on errors, and when nobody wants more. */
export function fileStream(
  path: string,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): ReadableStream<Bytes> {
  let at = start;
  let opening: Promise<FileHandle> | undefined;
  const close = async () => {
    signal?.removeEventListener("abort", abort);
    const file = await opening?.catch(() => {});
    opening = undefined;
    await file?.close();
  };
  let abort = () => {};
  return new ReadableStream<Bytes>({
    start(controller) {
      abort = () => {
        controller.error(signal?.reason);
        void close().catch(() => {});
      };
      if (signal?.aborted) return abort();
      signal?.addEventListener("abort", abort, { once: true });
    },
    async pull(controller) {
      try {
        if (at < end) {
          opening ??= open(path, reading);
          const chunk = new Uint8Array(Math.min(chunkSize, end - at));
          const { bytesRead } = await (await opening).read(chunk, 0, chunk.byteLength, at);
          if (signal?.aborted) return;
          if (bytesRead === 0) {
            throw new GantryError("size-mismatch", `read ${path}: it ends at ${at}, expected ${end}`);
          }
          at += bytesRead;
          controller.enqueue(chunk.subarray(0, bytesRead));
        }
        if (at < end) return;
        await close();
        controller.close();
      } catch (error) {
        await close();
        if (errno(error) === "ENOENT") {
          throw new GantryError("not-found", `read ${path}: it is no longer there`, { cause: error });
        }
        throw storageError(`read ${path}`, error);
      }
    },
    cancel: close,
  }, { highWaterMark: 0 });
}
