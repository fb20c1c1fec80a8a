// Level 1: greedy matches from one hash table.
//
// Shape (sizes and speeds measured on a mixed tar of /usr and on image layers): four positions are looked up together and the
// longest match is taken, so there is one branch for four positions, and a match that begins a little later is not missed (2 %
// faster and 0.9 % smaller than two positions). What counts is the chain from one position to the next: it is a hash, a load, a
// load, and selects; extension backward and all stores hang beside it. The first eight bytes are compared without branches, and a match
// grows backward over literals without any. Three positions of a match are inserted, at fixed places: a loop over them
// mispredicts (8 % slower). Four hashed bytes, not five: 8 % slower, but 2 % smaller on executables, which are what layers hold.
// Where nothing matches for a kilobyte, steps grow: data that is compressed already passes quickly, and a shorter wait loses up to
// 1.3 % of size for 2 % of speed.

import { CHUNK, HEAD, LITERALS, SEQUENCES } from "./layout";
import { copyLiterals, matchLength, MAX_DISTANCE, MAX_LENGTH } from "./match";

const HASH_BITS: u32 = 15;

/** The hash slot of four bytes, from HEAD on. */
// @ts-ignore: decorator
@inline
function slot(word: u32): usize {
  return <usize>((word * 0x9e3779b1) >> (30 - HASH_BITS)) & ~3;
}

/** Finds sequences from the chunk's begin to `end`, matching back to `begin`; gives the end of the sequences. */
export function findFast(begin: usize, end: usize): usize {
  memory.fill(HEAD, 0, <usize>4 << HASH_BITS);
  for (let p = begin; p < CHUNK; p += 3) store<u32>(slot(load<u32>(p)), p, HEAD);

  let seq = SEQUENCES, literal = LITERALS, p = CHUNK, literals = CHUNK;
  const limit = end - 14;
  while (p < limit) {
    const word0 = load<u64>(p), word1 = load<u64>(p, 1), word2 = load<u64>(p, 2), word3 = load<u64>(p, 3);
    const slot0 = slot(<u32>word0), slot1 = slot(<u32>word1), slot2 = slot(<u32>word2), slot3 = slot(<u32>word3);
    const from0 = <usize>load<u32>(slot0, HEAD), from1 = <usize>load<u32>(slot1, HEAD);
    const from2 = <usize>load<u32>(slot2, HEAD), from3 = <usize>load<u32>(slot3, HEAD);
    store<u32>(slot0, p, HEAD);
    store<u32>(slot1, p + 1, HEAD);
    store<u32>(slot2, p + 2, HEAD);
    store<u32>(slot3, p + 3, HEAD);
    const same0 = <usize>ctz<u64>(load<u64>(from0) ^ word0) >> 3, same1 = <usize>ctz<u64>(load<u64>(from1) ^ word1) >> 3;
    const same2 = <usize>ctz<u64>(load<u64>(from2) ^ word2) >> 3, same3 = <usize>ctz<u64>(load<u64>(from3) ^ word3) >> 3;
    const length0 = select<usize>(same0, 0, p - from0 <= MAX_DISTANCE);
    const length1 = select<usize>(same1, 0, p + 1 - from1 <= MAX_DISTANCE);
    const length2 = select<usize>(same2, 0, p + 2 - from2 <= MAX_DISTANCE);
    const length3 = select<usize>(same3, 0, p + 3 - from3 <= MAX_DISTANCE);
    const length01 = max(length0, length1), length23 = max(length2, length3);
    const from01 = select<usize>(from1, from0, length1 > length0), from23 = select<usize>(from3, from2, length3 > length2);
    const late = length23 > length01;
    let length = select<usize>(length23, length01, late);
    if (length < 4) {
      p += 4 + ((p - literals) >> 9);
      continue;
    }
    const next = p;
    let from = select<usize>(from23, from01, late);
    p += select<usize>(<usize>(length3 > length2) + 2, <usize>(length1 > length0), late);
    if (length == 8) length = matchLength(p, from, 8, min(p + MAX_LENGTH, end));
    // Backward over up to eight literals, as far as the window and the longest match allow.
    const before = <usize>clz<u64>(load<u64>(p - 8) ^ load<u64>(from - 8)) >> 3;
    const back = min(min(before, p - literals), min(from - begin, MAX_LENGTH - length));
    const start = p - back;
    store<u32>(seq, <u32>(start - literals));
    store<u32>(seq, <u32>(((length + back) << 16) | (p - from)), 4);
    literal = copyLiterals(literal, literals, start);
    seq += 8;
    p += length;
    literals = p;
    store<u32>(slot(load<u32>(p - 1)), p - 1, HEAD);
    const middle = (next + p) >> 1;
    store<u32>(slot(load<u32>(middle)), middle, HEAD);
    store<u32>(slot(load<u32>(p - 2)), p - 2, HEAD);
  }
  copyLiterals(literal, literals, end);
  store<u32>(seq, <u32>(end - literals));
  store<u32>(seq, 0, 4);
  return seq + 8;
}
