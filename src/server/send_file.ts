import { open } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import type { Bytes } from "../bytes.ts";
import { reading } from "../disk/files.ts";
import { GantryError } from "../errors.ts";
import type { FileSpan } from "./file_body.ts";
import type { Taking } from "./pace.ts";

/** How many bytes are read at once: the more, the faster, down to the least when many files are sent. */
const [leastPiece, mostPiece] = [256 * 1024, 2 * 1024 * 1024];
/** How many bytes may be read at once of all files, unless so many are sent that each has the least. */
const mostTogether = 16 * 1024 * 1024;

/** How to send a file. */
interface Sending {
  /** Is told of each piece that the client is to take. */
  taking: Taking;
  /** Sends the headers, once the file is found to be as long as it must be. */
  begin: () => void;
  signal: AbortSignal;
}

/** Sends files; knows how many it sends at the moment. */
export class FileSender {
  #sending = 0;

  /** Sends part of a file after the headers. */
  async send(file: FileSpan, outgoing: ServerResponse, how: Sending): Promise<void> {
    this.#sending++;
    try {
      const share = Math.min(mostPiece, mostTogether / this.#sending);
      await sendFile(file, Math.max(leastPiece, Math.floor(share)), outgoing, how);
    } finally {
      this.#sending--;
    }
  }
}

/** While one piece is sent, the next one is read, into two buffers that are used again and again. */
async function sendFile(
  file: FileSpan,
  pieceSize: number,
  outgoing: ServerResponse,
  { taking, begin, signal }: Sending,
): Promise<void> {
  const { path, size, start, end, observers } = file;
  try {
    const handle = await open(path, reading);
    try {
      const length = (await handle.stat()).size;
      if (length !== size) throw mismatch(path, length, size);
      const buffers = [0, 1].map(() => new Uint8Array(Math.min(pieceSize, end - start)));
      const read = async (at: number, into: Bytes): Promise<Bytes> => {
        const { bytesRead } = await handle.read(into, 0, Math.min(into.byteLength, end - at), at);
        if (bytesRead === 0) throw mismatch(path, at, size);
        return into.subarray(0, bytesRead);
      };
      let next = start < end ? read(start, buffers[0]!) : undefined;
      begin();
      for (let at = start, turn = 1; next; turn ^= 1) {
        const piece = await next;
        at += piece.byteLength;
        next = at < end ? read(at, buffers[turn]!) : undefined;
        next?.catch(() => {}); // it is looked at when this piece has been sent
        try {
          for (const { chunk } of observers) await chunk?.(piece);
          if (next) await taking.wait(written(outgoing, piece, signal));
          else outgoing.end(piece);
        } catch (error) {
          await next?.catch(() => {}); // the file is in use until then
          throw error;
        }
      }
      if (start === end) outgoing.end();
    } finally {
      await handle.close();
    }
    for (const { done } of observers) await done?.();
  } catch (error) {
    for (const { failed } of observers) await failed?.(error);
    throw error;
  }
}

/** Writes a piece; its buffer is free again once it has left. */
function written(outgoing: ServerResponse, piece: Bytes, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    if (signal.aborted) return leave();
    signal.addEventListener("abort", leave, { once: true });
    outgoing.write(piece, (error) => {
      signal.removeEventListener("abort", leave);
      if (error) reject(error);
      else resolve();
    });
  });
}

function mismatch(path: string, length: number, size: number): GantryError {
  return new GantryError("size-mismatch", `send ${path}: ${length} bytes, expected ${size}`);
}
