/**
 * Compresses (`gzip`) or digests (`digest`) with so many workers, only reads what they do (`read`), or does nothing (`idle`),
 * and tells its peak of memory.
 */

import process from "node:process";
import type { Bytes } from "../../src/bytes.ts";
import { gzip } from "../../src/codec/mod.ts";
import { digestAll } from "../../src/digest/mod.ts";
import { sample } from "../support/streams.ts";
import { tellPeak } from "./peak.ts";

const piece = sample(64 * 1024);

/** So many megabytes, each a buffer of its own, as from a file. */
function stream(megabytes: number): ReadableStream<Bytes> {
  let pieces = 16 * megabytes;
  return new ReadableStream({
    pull(controller) {
      if (pieces-- === 0) return controller.close();
      controller.enqueue(piece.slice());
    },
  }, { highWaterMark: 0 });
}

const hundred = Array.from({ length: 100 }, () => () => stream(100));
const [work, count] = process.argv.slice(2) as [string, string?];
const workers = Number(count);
if (work === "gzip") {
  await stream(2048).pipeThrough(gzip({ level: 1, workers })).pipeTo(new WritableStream());
} else if (work === "digest") {
  await digestAll(hundred, { engine: "wasm", workers });
} else if (work === "read") {
  const next = hundred.values();
  const read = async () => {
    for (const open of next) await open().pipeTo(new WritableStream());
  };
  await Promise.all(Array.from({ length: 8 }, read));
} else {
  await new Promise((resolve) => setTimeout(resolve, 500));
}
tellPeak();
