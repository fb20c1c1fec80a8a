// Huffman codes of limited length (RFC 1951 section 3.2.2), for the encoder.
//
// Shape: symbols sorted by frequency (a radix sort: comparisons are mispredicted), code lengths by the in-place algorithm of Moffat
// and Katajainen, then the few codes that are too long are shortened until the Kraft sum fits again.

import { SORT } from "./layout";

const counts: usize = memory.data(16 * 4, 16);
const digits: usize = memory.data(128 * 4, 16);

/**
 * From `count` frequencies (u32 at `freq`): code lengths up to `limit` (u8 at `bits`, 0 for what does not occur) and codes
 * (u32 at `codes`: bits reversed, as they go into the stream, << 8 | the length).
 */
export function makeCode(freq: usize, count: i32, limit: i32, bits: usize, codes: usize): void {
  const used = sortSymbols(freq, count);
  memory.fill(bits, 0, count);
  memory.fill(counts, 0, 64);
  // A code of fewer than two symbols would be incomplete, which some decoders refuse: give it company.
  if (used < 2) {
    const symbol: usize = used == 0 ? 0 : load<u32>(SORT) & 511;
    store<u8>(bits + symbol, 1);
    store<u8>(bits + (symbol == 0 ? 1 : 0), 1);
    store<u32>(counts, 2, 4);
  } else {
    codeLengths(freq, used, limit, bits);
  }
  assignCodes(bits, count, codes);
}

/** Puts the symbols that occur at SORT, rarest first, as frequency << 9 | symbol; gives their number. */
function sortSymbols(freq: usize, count: i32): i32 {
  let from = TREE, to = SORT, end = from;
  for (let symbol: i32 = 0; symbol < count; symbol++) {
    const f = load<u32>(freq + (<usize>symbol << 2));
    store<u32>(end, (f << 9) | symbol);
    end += <usize>(f != 0) << 2;
  }
  const size = end - from;
  // By seven bits of the frequency at a time, lowest first: three turns are enough for a chunk, and end at SORT.
  for (let shift = 9; shift < 30; shift += 7) {
    memory.fill(digits, 0, 512);
    for (let i: usize = 0; i < size; i += 4) {
      const slot = digits + (<usize>((load<u32>(from + i) >> shift) & 127) << 2);
      store<u32>(slot, load<u32>(slot) + 4);
    }
    let place = to;
    for (let slot = digits; slot < digits + 512; slot += 4) {
      const room = load<u32>(slot);
      store<u32>(slot, place);
      place += room;
    }
    for (let i: usize = 0; i < size; i += 4) {
      const value = load<u32>(from + i);
      const slot = digits + (<usize>((value >> shift) & 127) << 2);
      const place = <usize>load<u32>(slot);
      store<u32>(slot, place + 4);
      store<u32>(place, value);
    }
    const emptied = from;
    from = to, to = emptied;
  }
  return <i32>(size >> 2);
}

// @ts-ignore: decorator
@inline
function at(i: i32): u32 {
  return load<u32>(TREE + (<usize>i << 2));
}

// @ts-ignore: decorator
@inline
function put(i: i32, value: u32): void {
  store<u32>(TREE + (<usize>i << 2), value);
}

const TREE: usize = memory.data(289 * 4, 16);

/** Code lengths of the `used` symbols at SORT, written to `bits`; how many of each length goes to `counts`. */
function codeLengths(freq: usize, used: i32, limit: i32, bits: usize): void {
  for (let i = 0; i < used; i++) put(i, load<u32>(SORT + (<usize>i << 2)) >> 9);
  // Join the two lightest nodes again and again; a joined node keeps the index of its parent.
  let leaf = 0, root = 0;
  for (let next = 0; next < used - 1; next++) {
    let weight: u32 = 0;
    for (let child = 0; child < 2; child++) {
      if (leaf >= used || (root < next && at(root) < at(leaf))) {
        weight += at(root);
        put(root++, next);
      } else {
        weight += at(leaf++);
      }
    }
    put(next, weight);
  }
  // Depths of the inner nodes from their parents' depths, root first.
  put(used - 2, 0);
  for (let i = used - 3; i >= 0; i--) put(i, at(at(i)) + 1);
  // Leaves hang where a level has more places than inner nodes.
  let places = 1, inner = used - 2;
  for (let depth = 0; places > 0; depth++) {
    let nodes = 0;
    for (; inner >= 0 && at(inner) == depth; inner--) nodes++;
    const slot = counts + (<usize>min(depth, limit) << 2);
    store<u32>(slot, load<u32>(slot) + (places - nodes));
    places = nodes << 1;
  }
  // Kraft: lengthen some shorter code for each unit that the cut-off codes take too much.
  let sum: u32 = 0;
  for (let length = 1; length <= limit; length++) sum += load<u32>(counts + (<usize>length << 2)) << (limit - length);
  for (; sum > 1 << limit; sum--) {
    let length = limit - 1;
    while (load<u32>(counts + (<usize>length << 2)) == 0) length--;
    const slot = counts + (<usize>length << 2);
    store<u32>(slot, load<u32>(slot) - 1);
    store<u32>(slot, load<u32>(slot, 4) + 2, 4);
    const last = counts + (<usize>limit << 2);
    store<u32>(last, load<u32>(last) - 1);
  }
  // The rarest symbols take the longest codes.
  let symbol = 0;
  for (let length = limit; length > 0; length--) {
    for (let n = load<u32>(counts + (<usize>length << 2)); n > 0; n--) {
      store<u8>(bits + (load<u32>(SORT + (<usize>(symbol++) << 2)) & 511), length);
    }
  }
}

/** Canonical codes (3.2.2), bits reversed. */
export function assignCodes(bits: usize, count: i32, codes: usize): void {
  memory.fill(counts, 0, 64);
  for (let symbol = 0; symbol < count; symbol++) {
    const slot = counts + (<usize>load<u8>(bits + symbol) << 2);
    store<u32>(slot, load<u32>(slot) + 1);
  }
  store<u32>(counts, 0);
  let code: u32 = 0;
  for (let length: usize = 1; length < 16; length++) {
    const slot = counts + (length << 2);
    const number = load<u32>(slot);
    store<u32>(slot, code);
    code = (code + number) << 1;
  }
  for (let symbol = 0; symbol < count; symbol++) {
    const length = <u32>load<u8>(bits + symbol);
    if (length == 0) {
      store<u32>(codes + (<usize>symbol << 2), 0);
      continue;
    }
    const slot = counts + (<usize>length << 2);
    const value = load<u32>(slot);
    store<u32>(slot, value + 1);
    store<u32>(codes + (<usize>symbol << 2), ((reverse(value) >> (16 - length)) << 8) | length);
  }
}

/** The 16 bits of a value, last first. */
function reverse(value: u32): u32 {
  value = ((value & 0x5555) << 1) | ((value >> 1) & 0x5555);
  value = ((value & 0x3333) << 2) | ((value >> 2) & 0x3333);
  value = ((value & 0x0f0f) << 4) | ((value >> 4) & 0x0f0f);
  return ((value & 0x00ff) << 8) | (value >> 8);
}
