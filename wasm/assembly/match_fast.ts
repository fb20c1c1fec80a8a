// Level 1: greedy matches from one hash table.
//
// Shape (sizes and speeds measured on a mixed tar of /usr and on image layers): a position and the one after it are looked up
// together and the longer match is taken, so there is one branch for two positions. The first eight bytes are compared without
// branches, and a match grows backward over literals without any. Three positions of a match are inserted, at fixed places: a
// loop over them mispredicts (8 % slower). Four hashed bytes, not five: 8 % slower, but 2 % smaller on executables, which are
// what layers hold. Where nothing matches for a kilobyte, steps grow: data that is compressed already passes quickly, and a
// shorter wait loses up to 1.3 % of size for 2 % of speed.

import { CHUNK, HEAD, LITERALS, SEQUENCES, WINDOW } from "./layout";
import { copyLiterals, matchLength, MAX_DISTANCE, MAX_LENGTH } from "./match";

const HASH_BITS: u32 = 15;

/** The hash slot of four bytes. */
// @ts-ignore: decorator
@inline
function slot(word: u32): usize {
  return HEAD + (<usize>((word * 0x9e3779b1) >> (32 - HASH_BITS)) << 2);
}

/** Finds sequences from the chunk's begin to `end`, matching back to `begin`; gives the end of the sequences. */
export function findFast(begin: usize, end: usize): usize {
  memory.fill(HEAD, 0, <usize>4 << HASH_BITS);
  for (let p = begin; p < CHUNK; p += 3) store<u32>(slot(load<u32>(p)), p);

  let seq = SEQUENCES, literal = LITERALS, p = CHUNK, literals = CHUNK;
  const limit = end - 12;
  while (p < limit) {
    const word0 = load<u64>(p), word1 = load<u64>(p, 1);
    const slot0 = slot(<u32>word0), slot1 = slot(<u32>word1);
    const from0 = <usize>load<u32>(slot0), from1 = <usize>load<u32>(slot1);
    store<u32>(slot0, p);
    store<u32>(slot1, p + 1);
    const same0 = <usize>ctz<u64>(load<u64>(from0) ^ word0) >> 3, same1 = <usize>ctz<u64>(load<u64>(from1) ^ word1) >> 3;
    const length0 = select<usize>(same0, 0, p - from0 <= MAX_DISTANCE);
    const length1 = select<usize>(same1, 0, p + 1 - from1 <= MAX_DISTANCE);
    let length = max(length0, length1);
    if (length < 4) {
      p += 2 + ((p - literals) >> 10);
      continue;
    }
    const next = p + 2;
    let from = select<usize>(from1, from0, length1 > length0);
    p += <usize>(length1 > length0);
    if (length == 8) length = matchLength(p, from, 8, p + MAX_LENGTH);
    // Backward over up to eight literals, as far as the window and the longest match allow.
    const before = <usize>clz<u64>(load<u64>(p - 8) ^ load<u64>(from - 8)) >> 3;
    const back = min(min(before, p - literals), min(from - begin, MAX_LENGTH - length));
    p -= back, from -= back;
    length = min(length + back, end - p);
    store<u32>(seq, <u32>(p - literals));
    literal = copyLiterals(literal, literals, p);
    store<u32>(seq, <u32>((length << 16) | (p - from)), 4);
    seq += 8;
    p += length;
    literals = p;
    store<u32>(slot(load<u32>(next)), next);
    const middle = (next + p) >> 1;
    store<u32>(slot(load<u32>(middle)), middle);
    store<u32>(slot(load<u32>(p - 2)), p - 2);
  }
  copyLiterals(literal, literals, end);
  store<u32>(seq, <u32>(end - literals));
  store<u32>(seq, 0, 4);
  return seq + 8;
}
