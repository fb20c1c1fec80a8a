import { fstatSync, write, writeSync } from "node:fs";
import type { Output } from "../environment.ts";

/** So little is written at once where there is room; starting a thread for it takes longer. */
const little = 4096;
/** How long to wait for the reader of a full pipe that does not block, in milliseconds. */
const pause = 5;

/** A standard stream by its number, without `process.stdout`: setting that up takes Bun 10 ms. */
export function standardOutput(file: 1 | 2): Output {
  let last: Promise<void> | undefined;
  return {
    get isTTY() {
      try {
        return fstatSync(file).isCharacterDevice(); // `node:tty` takes Bun 4 ms
      } catch {
        return false; // closed
      }
    },
    write(data, done) {
      const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
      const writing = last ? last.then(() => writeAll(file, bytes)) : writeAll(file, bytes);
      const ended = writing.then(() => done(), done).then(() => {
        if (last === ended) last = undefined;
      });
      last = ended;
    },
  };
}

async function writeAll(file: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) at += await writeSome(file, bytes.subarray(at));
}

function writeSome(file: number, bytes: Uint8Array): number | Promise<number> {
  try {
    if (bytes.byteLength <= little) return writeSync(file, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
  }
  return new Promise((resolve, reject) => {
    write(file, bytes, 0, bytes.byteLength, null, (error, written) => {
      if (!error) resolve(written);
      else if (error.code === "EAGAIN") setTimeout(() => resolve(0), pause);
      else reject(error);
    });
  });
}
