// Levels 6 and 9: the best match of a hash chain, put off while the next position has a better one.
//
// Shape: chains over hashes of four bytes, for a chain of three-byte hashes is long and its matches short; one newest position
// for each hash of three bytes finds those (1.5 % smaller in the prototypes). The more slots, the fewer strangers in a chain:
// 2^17 are 4 % faster than 2^16, and those than 2^15. A candidate is compared first at the end of the best match so far, where it
// most likely differs. Long runs without a match are passed in growing steps. The tables lie beyond the first page of memory,
// so their addresses are added, not offsets of the loads: V8 checks such offsets once more (4 % slower).

import { CHUNK, HEAD, HEAD3, LITERALS, PREV, SEQUENCES } from "./layout";
import { copyLiterals, matchLength, MAX_DISTANCE, MAX_LENGTH } from "./match";

const HASH_BITS: u32 = 17;
const HASH3_BITS: u32 = 14;
/** A match of three bytes farther away than this costs more than its literals. */
const NEAR: usize = 2048;

/** The newest position with the hash of four bytes, and of three, before the last insert(). */
let newest: usize = 0;
let newest3: usize = 0;

// @ts-ignore: decorator
@inline
function insert(p: usize): void {
  const word = load<u32>(p);
  const slot = HEAD + (<usize>((word * 0x9e3779b1) >> (32 - HASH_BITS)) << 2);
  const slot3 = HEAD3 + (<usize>(((word << 8) * 0x9e3779b1) >> (32 - HASH3_BITS)) << 2);
  newest = <usize>load<u32>(slot);
  newest3 = <usize>load<u32>(slot3);
  store<u32>(PREV + ((p & (MAX_DISTANCE - 1)) << 2), <u32>newest);
  store<u32>(slot, p);
  store<u32>(slot3, p);
}

/** The longest match at `p`, just inserted, if it is longer than `best`: length << 16 | distance, or 0. */
function longest(p: usize, end: usize, best: usize, depth: i32, nice: usize): u32 {
  const most = min(MAX_LENGTH, end - p);
  let found: u32 = 0;
  if (best < 3) {
    if (most < 4) return 0;
    if (p - newest3 <= NEAR && ((load<u32>(newest3) ^ load<u32>(p)) << 8) == 0) found = (3 << 16) | <u32>(p - newest3);
    best = 3;
  }
  if (best >= most) return 0;
  const start = load<u32>(p);
  let tail = load<u32>(p + best - 3);
  for (let from = newest; p - from <= MAX_DISTANCE; from = <usize>load<u32>(PREV + ((from & (MAX_DISTANCE - 1)) << 2))) {
    if (load<u32>(from + best - 3) == tail && load<u32>(from) == start) {
      const length = matchLength(p, from, 4, p + most);
      if (length > best) {
        best = length;
        found = <u32>((length << 16) | (p - from));
        if (length >= nice || length == most) break;
        tail = load<u32>(p + best - 3);
      }
    }
    if (--depth == 0) break;
  }
  return found;
}

/** What a match saves, about, in quarters of a literal: its length less the bits of its distance. */
// @ts-ignore: decorator
@inline
function worth(match: u32): i32 {
  return <i32>((match >> 16) << 2) - (31 - clz<i32>(match & 0xffff));
}

/**
 * Finds sequences from the chunk's begin to `end`, matching back to `begin`; gives the end of the sequences. `depth` is how many
 * candidates are compared, `nice` the length that ends the search, `patient` tries the position after the next one as well.
 */
export function findLazy(begin: usize, end: usize, depth: i32, nice: usize, patient: bool): usize {
  memory.fill(HEAD, 0, <usize>4 << HASH_BITS);
  memory.fill(HEAD3, 0, <usize>4 << HASH3_BITS);
  for (let p = begin; p < CHUNK; p++) insert(p);

  let seq = SEQUENCES, literal = LITERALS, p = CHUNK, literals = CHUNK;
  while (p < end) {
    insert(p);
    let match = longest(p, end, 0, depth, nice);
    if (match == 0) {
      p += patient ? 1 : 1 + ((p - literals) >> 10);
      continue;
    }
    let inserted = p;
    while (<usize>(match >> 16) < nice) {
      insert(p + 1);
      inserted = p + 1;
      const length = <usize>(match >> 16);
      const next = longest(p + 1, end, length - 1, depth >> 1, nice);
      if (next != 0 && worth(next) > worth(match) + 2) {
        match = next;
        p++;
        continue;
      }
      if (!patient) break;
      insert(p + 2);
      inserted = p + 2;
      const after = longest(p + 2, end, length, depth >> 2, nice);
      if (after == 0 || worth(after) <= worth(match) + 6) break;
      match = after;
      p += 2;
    }
    store<u32>(seq, <u32>(p - literals));
    store<u32>(seq, match, 4);
    seq += 8;
    literal = copyLiterals(literal, literals, p);
    p += <usize>(match >> 16);
    literals = p;
    for (let q = inserted + 1; q < p; q++) insert(q);
  }
  copyLiterals(literal, literals, end);
  store<u32>(seq, <u32>(end - literals));
  store<u32>(seq, 0, 4);
  return seq + 8;
}
