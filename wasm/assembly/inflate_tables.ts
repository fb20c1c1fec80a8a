// Decoding tables (RFC 1951 sections 3.2.2 and 3.2.7).
//
// A table is looked up by the next bits of the stream, as they come; codes longer than that lead to a subtable. An entry:
//
//   bits 0-5    how many bits code and extra bits take together (for a subtable: the bits of the main table)
//   bits 8-13   how many of them are the code (for a subtable: the bits that index it)
//   bit 14      a subtable, whose index is in bits 16-30
//   bit 15      not a literal, length or distance: a subtable, the end of the block, or no code at all
//   bits 16-30  the literal, or the base of the length or distance
//   bit 31      a literal
//
// A shift by an entry is a shift by its low six bits, because WASM takes shift counts modulo 64: nothing is masked.
// 11 bits for literals and lengths: 10 and 12 measured the same.

import { SORTED } from "./layout";
import { codeExtra, distanceBase, LENGTH_BASE, LENGTH_EXTRA } from "./tables";

export const LITERAL: u32 = 1 << 31;
export const SPECIAL: u32 = 1 << 15;
export const SUBTABLE: u32 = 1 << 14;
/** In an entry of no code. */
export const INVALID: u32 = 1 << 16;

export const LITLEN_INDEX: u32 = 11;
export const DIST_INDEX: u32 = 8;
export const RUNS_INDEX: u32 = 7;

const numbers: usize = memory.data(16 * 4, 16); // how many codes have each length
const places: usize = memory.data(16 * 4, 16); // where symbols of each length go

/** The entry of a symbol, short of its code's length. */
function meaning(symbol: u32, index: u32): u32 {
  if (index == RUNS_INDEX) return symbol << 16;
  if (index == DIST_INDEX) {
    return symbol < 30 ? (distanceBase(symbol) << 16) | codeExtra(symbol) : SPECIAL | INVALID;
  }
  if (symbol < 256) return LITERAL | (symbol << 16);
  if (symbol == 256) return SPECIAL;
  if (symbol > 285) return SPECIAL | INVALID;
  const code = <usize>symbol - 257;
  return (<u32>load<u16>(LENGTH_BASE + (code << 1)) << 16) | load<u8>(LENGTH_EXTRA + code);
}

/**
 * Fills a table of 2^index entries from `count` code lengths. False for lengths that are no code: too many codes, or too few, except
 * that a lone distance or literal code of one bit is a code (3.2.7), and no distances at all.
 */
export function makeTable(table: usize, index: u32, lengths: usize, count: u32): bool {
  memory.fill(numbers, 0, 64);
  for (let symbol: usize = 0; symbol < count; symbol++) {
    const slot = numbers + (<usize>load<u8>(lengths + symbol) << 2);
    store<u32>(slot, load<u32>(slot) + 1);
  }
  let left: i32 = 1, longest: u32 = 0, place: u32 = 0;
  for (let length: u32 = 1; length < 16; length++) {
    const number = load<u32>(numbers + (<usize>length << 2));
    left = (left << 1) - number;
    if (left < 0) return false;
    if (number != 0) longest = length;
    store<u32>(places + (<usize>length << 2), place);
    place += number;
  }
  if (left > 0 && (index == RUNS_INDEX || longest > 1)) return false;

  for (let symbol: u32 = 0; symbol < count; symbol++) {
    const length = load<u8>(lengths + symbol);
    if (length == 0) continue;
    const slot = places + (<usize>length << 2);
    const at = load<u32>(slot);
    store<u16>(SORTED + (<usize>at << 1), symbol);
    store<u32>(slot, at + 1);
  }

  const size = <usize>4 << index;
  if (left > 0) {
    for (let slot: usize = 0; slot < size; slot += 4) store<u32>(table + slot, SPECIAL | INVALID | 15);
  }
  let code: u32 = 0; // bits reversed
  let next: u32 = 1 << index, sub: usize = table; // where the next subtable goes, and the current one
  let prefix: i32 = -1, subBits: u32 = 0;
  let length: u32 = 1, number = load<u32>(numbers, 4);
  for (let i: u32 = 0; i < place; i++) {
    while (number == 0) number = load<u32>(numbers + (<usize>++length << 2));
    const entry = meaning(<u32>load<u16>(SORTED + (<usize>i << 1)), index);
    if (length <= index) {
      const value = entry + length + (length << 8);
      for (let slot = <usize>code << 2; slot < size; slot += <usize>4 << length) store<u32>(table + slot, value);
    } else {
      const low = code & ((1 << index) - 1);
      if (<i32>low != prefix) {
        // A subtable as large as the codes that share this prefix need.
        prefix = low;
        subBits = length - index;
        let room: i32 = (1 << subBits) - number;
        while (room > 0 && index + subBits < longest) {
          subBits++;
          room = (room << 1) - load<u32>(numbers + (<usize>(index + subBits) << 2));
        }
        sub = table + (<usize>next << 2);
        store<u32>(table + (<usize>low << 2), SPECIAL | SUBTABLE | (next << 16) | (subBits << 8) | index);
        next += 1 << subBits;
      }
      const rest = length - index;
      const value = entry + rest + (rest << 8);
      const end = <usize>4 << subBits;
      for (let slot = <usize>(code >> index) << 2; slot < end; slot += <usize>4 << rest) store<u32>(sub + slot, value);
    }
    // The next code: add one at the front, for the bits are reversed.
    let bit: u32 = 1 << (length - 1);
    while (code & bit) bit >>= 1;
    code = bit == 0 ? 0 : (code & (bit - 1)) | bit;
    number--;
  }
  return true;
}
