// Symbols of a DEFLATE block while there is input in plenty.
//
// Shape (percentages are the prototypes'): bits are refilled by one unaligned load without a branch, and bits above `fill` are allowed to be there
// already; the entry of the next symbol is loaded before the refill, so the load and the refill overlap (9.5 %), for which the last
// eleven bits must always remain; two literals go out between refills (three or four measured no better); matches are copied 32 bytes at once whatever
// their length (2 %), which overwrites nothing that matters because output only grows.

import { DIST_INDEX, INVALID, LITERAL, LITLEN_INDEX, SPECIAL, SUBTABLE } from "./inflate_tables";
import { DIST_TABLE, LITLEN_TABLE } from "./layout";

// What inflateFast leaves behind: WASM functions give one value.
export let fastIn: usize = 0;
export let fastBits: u64 = 0;
export let fastFill: u32 = 0;
export let fastOut: usize = 0;

const CONTINUE: i32 = -2;
const BLOCK_END: i32 = -1;
const BAD_CODE: i32 = 6;
const BAD_DISTANCE: i32 = 7;

/** A litlen code and its extra bits, at most. */
const LITLEN_MASK: u64 = (1 << LITLEN_INDEX) - 1;
const DIST_MASK: u64 = (1 << DIST_INDEX) - 1;

// @ts-ignore: decorator
@inline
function litlen(bits: u64): u32 {
  return load<u32>(LITLEN_TABLE + (<usize>(bits & LITLEN_MASK) << 2));
}

/** Base and extra bits of an entry: the low bits that it takes, without the code. */
// @ts-ignore: decorator
@inline
function value(entry: u32, bits: u64): u32 {
  return (entry >> 16) + <u32>((bits & ~(<u64>-1 << <u64>entry)) >> <u64>(entry >> 8));
}

/** Entry of a subtable. */
// @ts-ignore: decorator
@inline
function below(table: usize, entry: u32, bits: u64): u32 {
  return load<u32>(table + (<usize>(((entry >> 16) & 0x7fff) + <u32>(bits & ~(<u64>-1 << <u64>(entry >> 8)))) << 2));
}

/** Decodes until the input is short, the output is at `limit`, the block ends, or there is an error. */
export function inflateFast(
  from: usize,
  end: usize,
  bits: u64,
  filled: u32,
  out: usize,
  limit: usize,
  begin: usize,
): i32 {
  // At most three refills of eight bytes happen before the input is looked at again.
  const last = end - 32;
  // Only the low six bits of `fill` count: entries are subtracted whole.
  let fill = <u64>filled;
  let answer: i32 = CONTINUE;
  bits |= load<u64>(from) << fill;
  from += <usize>((63 - fill) >> 3);
  fill |= 56;
  let entry = litlen(bits);
  while (from < last && out < limit) {
    let saved = bits;
    bits >>= <u64>entry;
    fill -= <u64>entry;
    if (entry & LITERAL) {
      store<u8>(out, entry >> 16);
      entry = litlen(bits);
      saved = bits;
      bits >>= <u64>entry;
      fill -= <u64>entry;
      if (entry & LITERAL) {
        store<u8>(out, entry >> 16, 1);
        out += 2;
        entry = litlen(bits);
          fill &= 63;
          bits |= load<u64>(from) << fill;
          from += <usize>((63 - fill) >> 3);
          fill |= 56;
        continue;
      } else {
        out += 1;
      }
    }
    if (entry & SPECIAL) {
      if (entry & SUBTABLE) {
        entry = below(LITLEN_TABLE, entry, bits);
        saved = bits;
        bits >>= <u64>entry;
        fill -= <u64>entry;
      }
      if (entry & LITERAL) {
        store<u8>(out++, entry >> 16);
        fill &= 63;
        bits |= load<u64>(from) << fill;
        from += <usize>((63 - fill) >> 3);
        fill |= 56;
        entry = litlen(bits);
        continue;
      }
      if (entry & SPECIAL) {
        answer = entry & INVALID ? BAD_CODE : BLOCK_END;
        break;
      }
    }
    const length = <usize>value(entry, saved);
    // Two literals of 11 bits and a length of 20: up to 42 of 56 bits are gone, and a distance takes up to 28 and leaves 11.
    fill &= 63;
    if (fill < 28 + 11) {
      bits |= load<u64>(from) << fill;
      from += <usize>((63 - fill) >> 3);
      fill |= 56;
    }
    entry = load<u32>(DIST_TABLE + (<usize>(bits & DIST_MASK) << 2));
    if (entry & SPECIAL) {
      if (!(entry & SUBTABLE)) {
        answer = BAD_CODE;
        break;
      }
      bits >>= DIST_INDEX;
      fill -= DIST_INDEX;
      entry = below(DIST_TABLE, entry, bits);
      if (entry & SPECIAL) {
        answer = BAD_CODE;
        break;
      }
    }
    const distance = <usize>value(entry, bits);
    bits >>= <u64>entry;
    fill -= <u64>entry;
    if (distance > out - begin) {
      answer = BAD_DISTANCE;
      break;
    }
    entry = litlen(bits);
    fill &= 63;
    bits |= load<u64>(from) << fill;
    from += <usize>((63 - fill) >> 3);
    fill |= 56;
    copyMatch(out, distance, length);
    out += length;
  }
  // Give back whole bytes, and the bits above `fill`.
  fill &= 63;
  fastIn = from - <usize>(fill >> 3);
  fastFill = <u32>fill & 7;
  fastBits = bits & ((<u64>1 << (fill & 7)) - 1);
  fastOut = out;
  return answer;
}

/** Copies a match; may write up to 47 bytes past its end. */
// @ts-ignore: decorator
@inline
function copyMatch(to: usize, distance: usize, length: usize): void {
  const stop = to + length;
  let from = to - distance;
  if (distance >= 16) {
    copy16(to, from);
    copy16(to + 16, from + 16);
    for (to += 32, from += 32; to < stop; to += 16, from += 16) copy16(to, from);
  } else if (distance == 1) {
    const byte = <u64>load<u8>(from) * 0x0101010101010101;
    for (; to < stop; to += 16) store<u64>(to, byte), store<u64>(to, byte, 8);
  } else if (distance >= 8) {
    for (; to < stop; to += 8, from += 8) store<u64>(to, load<u64>(from));
  } else {
    // Each store is right for `distance` bytes, and the next one begins after those.
    for (; to < stop; to += distance, from += distance) store<u64>(to, load<u64>(from));
  }
}

// @ts-ignore: decorator
@inline
function copy16(to: usize, from: usize): void {
  if (ASC_FEATURE_SIMD) {
    v128.store(to, v128.load(from));
  } else {
    store<u64>(to, load<u64>(from));
    store<u64>(to, load<u64>(from, 8), 8);
  }
}
