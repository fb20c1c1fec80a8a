// Level 1: greedy matches from one hash table.
//
// Shape (sizes and speeds measured on a mixed tar of /usr and on image layers): five positions are looked up together and the
// longest match is taken, so there is one branch for five positions, and a match that begins a little later is not missed (4 %
// faster and 0.6 % smaller than two positions). What counts is the chain from one position to the next: a hash, two loads,
// and selects; extension backward and all stores hang beside it. The first eight bytes are compared without branches, and a match
// grows backward over literals without any. Two positions of a match are inserted, at its end: more are slower than they are
// smaller. Four hashed bytes, not five: 8 % slower, but 2 % smaller on executables, which are what layers hold. Where
// nothing matches for a kilobyte, steps grow: data that is compressed already passes quickly, and a shorter wait loses up to
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

/** How many of the eight bytes at `p` are those at `from`; none if that is too far away, or the position itself. */
// @ts-ignore: decorator
@inline
function alike(word: u64, from: usize, p: usize): usize {
  return select<usize>(<usize>ctz<u64>(load<u64>(from) ^ word) >> 3, 0, p - 1 - from < MAX_DISTANCE);
}

/** Finds sequences from the chunk's begin to `end`, matching back to `begin`; gives the end of the sequences. */
export function findFast(begin: usize, end: usize): usize {
  memory.fill(HEAD, 0, <usize>4 << HASH_BITS);
  for (let p = begin; p < CHUNK; p += 3) store<u32>(slot(load<u32>(p)), p, HEAD);

  let seq = SEQUENCES, literal = LITERALS, p = CHUNK, literals = CHUNK;
  const limit = end - 15;
  while (p < limit) {
    const word0 = load<u64>(p), slot0 = slot(<u32>word0), from0 = <usize>load<u32>(slot0, HEAD);
    const word1 = load<u64>(p, 1), slot1 = slot(<u32>word1), from1 = <usize>load<u32>(slot1, HEAD);
    const word2 = load<u64>(p, 2), slot2 = slot(<u32>word2), from2 = <usize>load<u32>(slot2, HEAD);
    const word3 = load<u64>(p, 3), slot3 = slot(<u32>word3), from3 = <usize>load<u32>(slot3, HEAD);
    const word4 = load<u64>(p, 4), slot4 = slot(<u32>word4), from4 = <usize>load<u32>(slot4, HEAD);
    store<u32>(slot0, p, HEAD);
    store<u32>(slot1, p + 1, HEAD);
    store<u32>(slot2, p + 2, HEAD);
    store<u32>(slot3, p + 3, HEAD);
    store<u32>(slot4, p + 4, HEAD);
    const length0 = alike(word0, from0, p), length1 = alike(word1, from1, p + 1), length2 = alike(word2, from2, p + 2);
    const length3 = alike(word3, from3, p + 3), length4 = alike(word4, from4, p + 4);
    // The longest, by a tournament; the earlier of two as long.
    const later01 = length1 > length0, later23 = length3 > length2;
    const length01 = max(length0, length1), from01 = select<usize>(from1, from0, later01);
    const length23 = max(length2, length3), from23 = select<usize>(from3, from2, later23);
    const later03 = length23 > length01, length03 = max(length01, length23), later04 = length4 > length03;
    let length = max(length03, length4);
    if (length < 4) {
      p += 5 + ((p - literals) >> 9);
      continue;
    }
    const from = select<usize>(from4, select<usize>(from23, from01, later03), later04);
    p += select<usize>(4, select<usize>(<usize>later23 + 2, <usize>later01, later03), later04);
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
    const tail = load<u64>(p - 3);
    store<u32>(slot(<u32>tail), p - 3, HEAD);
    store<u32>(slot(<u32>(tail >> 16)), p - 1, HEAD);
  }
  copyLiterals(literal, literals, end);
  store<u32>(seq, <u32>(end - literals));
  store<u32>(seq, 0, 4);
  return seq + 8;
}
