// One chunk of a DEFLATE stream (RFC 1951), from nothing but the chunk and the 32 KiB before it, so that chunks may be
// compressed anywhere and in any order, and joined.

import { bitsFinish, bitsReset, makeLogarithms, syncFlush, writeBlocks } from "./block";
import { crcReset, crcUpdate } from "./crc32";
import { CHUNK } from "./layout";
import { findFast } from "./match_fast";
import { findLazy } from "./match_lazy";

let ready: bool = false;

/**
 * Compresses `length` bytes at CHUNK; `dictionary` bytes lie right before them. A final chunk ends the stream, any other ends
 * at a byte with an empty stored block. The result is at OUTPUT; gives its length. The crc32 of the chunk can be asked for.
 */
export function deflate(dictionary: usize, length: usize, level: i32, final: bool): usize {
  if (!ready) {
    makeLogarithms();
    ready = true;
  }
  const begin = CHUNK - dictionary, end = CHUNK + length;
  bitsReset();
  crcReset();
  crcUpdate(CHUNK, length);
  if (length > 0 || final) {
    let last: usize = 0;
    if (level < 6) last = findFast(begin, end);
    else if (level < 9) last = findLazy(begin, end, 6, 128, false);
    else last = findLazy(begin, end, 300, 258, true);
    writeBlocks(last, end, level < 6 ? 32768 : 8192, final);
  }
  if (!final) syncFlush();
  return bitsFinish();
}
