// The DEFLATE decoder (RFC 1951), in pieces: input comes 64 KiB at a time, output leaves 64 KiB at a time, and it can stop
// between any two bits of the input.
//
// Shape: while at least 32 bytes of input are left, symbols are decoded without asking for bits (inflate_fast.ts); the rest is
// decoded here one symbol at a time, and a symbol that is not whole yet is left for the next input.

import { crcReset, crcUpdate } from "./crc32";
import { fastIn, fastBits, fastFill, fastOut, inflateFast } from "./inflate_fast";
import {
  DIST_INDEX,
  INVALID,
  LITERAL,
  LITLEN_INDEX,
  makeTable,
  RUNS_INDEX,
  SPECIAL,
  SUBTABLE,
} from "./inflate_tables";
import {
  CODE_LENGTHS,
  DIST_TABLE,
  HISTORY_SIZE,
  INFLATE_INPUT,
  LITLEN_TABLE,
  PIECES,
  PIECES_END,
  RUNS_TABLE,
} from "./layout";
import { RUNS_ORDER } from "./tables";

// What inflate() answers. Errors count from 3; the loader has their texts.
export const NEEDS_INPUT: i32 = 0;
export const HAS_PIECE: i32 = 1;
export const DONE: i32 = 2;
export const BAD_BLOCK_TYPE: i32 = 3;
export const BAD_STORED_LENGTH: i32 = 4;
export const BAD_CODE_LENGTHS: i32 = 5;
export const BAD_CODE: i32 = 6;
export const BAD_DISTANCE: i32 = 7;
/** Inside: the block is over. */
const BLOCK_END: i32 = -1;

const PIECE: usize = 65536;

// What comes next in the stream.
const BLOCK: i32 = 0;
const STORED_LENGTH: i32 = 1;
const STORED: i32 = 2;
const COUNTS: i32 = 3;
const RUN_LENGTHS: i32 = 4;
const LENGTHS: i32 = 5;
const SYMBOLS: i32 = 6;
const END: i32 = 7;

let state: i32 = BLOCK;
let final: bool = false;
let from: usize = INFLATE_INPUT; // next byte of input
let end: usize = INFLATE_INPUT; // end of input
let bits: u64 = 0; // bits taken from the input; none above `fill`
let fill: u32 = 0;
let begin: usize = PIECES; // where the output so far begins: no match goes farther back
let piece: usize = PIECES; // the piece that inflate() gives
let out: usize = PIECES;
let stored: usize = 0; // bytes left of a stored block
let litlens: u32 = 0, distances: u32 = 0, orders: u32 = 0, index: u32 = 0; // in a block's header

/** Begins a stream. */
export function inflateReset(): void {
  state = BLOCK;
  from = end = INFLATE_INPUT;
  bits = 0, fill = 0;
  begin = piece = out = PIECES;
  crcReset();
}

/** Says that `length` new bytes are at INFLATE_INPUT; those before have been used up. */
export function inflateInput(length: usize): void {
  from = INFLATE_INPUT;
  end = INFLATE_INPUT + length;
}

/** How many bytes of the input are not part of the stream so far. */
export function inflateUnused(): usize {
  return end - from + (fill >> 3);
}

/** Where the piece that the last inflate() made begins. */
export function pieceBegin(): usize {
  return piece;
}

/** How long it is. */
export function pieceLength(): usize {
  return out - piece;
}

/** Decodes until there is a piece or nothing more to do. Each piece must be taken before the next call. */
export function inflate(): i32 {
  if (out + PIECE > PIECES_END) {
    // The last 32 KiB become the history of what follows.
    memory.copy(PIECES - HISTORY_SIZE, out - HISTORY_SIZE, HISTORY_SIZE);
    begin = max(PIECES - HISTORY_SIZE, PIECES - (out - begin));
    out = PIECES;
  }
  piece = out;
  const answer = decode(out + PIECE);
  crcUpdate(piece, out - piece);
  return answer;
}

/** Takes bytes until there are at least `count` bits, 32 at most; false if the input is too short. */
// @ts-ignore: decorator
@inline
function have(count: u32): bool {
  while (fill < count && from < end) takeByte();
  return fill >= count;
}

// @ts-ignore: decorator
@inline
function takeByte(): void {
  bits |= <u64>load<u8>(from++) << fill;
  fill += 8;
}

// @ts-ignore: decorator
@inline
function drop(count: u32): void {
  bits >>= count;
  fill -= count;
}

function decode(limit: usize): i32 {
  for (;;) {
    let answer: i32 = 0;
    if (state == BLOCK) answer = readBlock();
    else if (state == SYMBOLS) answer = readSymbols(limit);
    else if (state == STORED) answer = copyStored(limit);
    else if (state == STORED_LENGTH) answer = readStoredLength();
    else if (state == COUNTS) answer = readCounts();
    else if (state == RUN_LENGTHS) answer = readRunLengths();
    else if (state == LENGTHS) answer = readLengths();
    else return DONE;
    if (answer == BLOCK_END) state = final ? END : BLOCK;
    else if (answer != CONTINUE) return answer;
  }
  return DONE;
}

/** Inside: go on with the new state. */
const CONTINUE: i32 = -2;

/** 3.2.3. */
function readBlock(): i32 {
  if (!have(3)) return NEEDS_INPUT;
  final = <bool>(bits & 1);
  const type = <u32>(bits >> 1) & 3;
  if (type == 3) return BAD_BLOCK_TYPE;
  drop(3);
  if (type == 0) {
    drop(fill & 7);
    state = STORED_LENGTH;
  } else if (type == 1) {
    memory.fill(CODE_LENGTHS, 8, 144); // 3.2.6
    memory.fill(CODE_LENGTHS + 144, 9, 112);
    memory.fill(CODE_LENGTHS + 256, 7, 24);
    memory.fill(CODE_LENGTHS + 280, 8, 8);
    memory.fill(CODE_LENGTHS + 288, 5, 32);
    makeTable(LITLEN_TABLE, LITLEN_INDEX, CODE_LENGTHS, 288);
    makeTable(DIST_TABLE, DIST_INDEX, CODE_LENGTHS + 288, 32);
    state = SYMBOLS;
  } else {
    state = COUNTS;
  }
  return CONTINUE;
}

/** 3.2.4. */
function readStoredLength(): i32 {
  if (!have(32)) return NEEDS_INPUT;
  const length = <u32>bits & 0xffff;
  if (length != (~<u32>(bits >> 16) & 0xffff)) return BAD_STORED_LENGTH;
  drop(32);
  stored = length;
  state = STORED;
  return CONTINUE;
}

function copyStored(limit: usize): i32 {
  while (stored > 0) {
    if (out >= limit) return HAS_PIECE;
    if (fill > 0) {
      store<u8>(out++, <u8>bits);
      drop(8);
      stored--;
      continue;
    }
    if (from == end) return NEEDS_INPUT;
    const length = min(stored, min(end - from, limit - out));
    memory.copy(out, from, length);
    out += length, from += length, stored -= length;
  }
  return BLOCK_END;
}

/** 3.2.7: how many code lengths there are. */
function readCounts(): i32 {
  if (!have(14)) return NEEDS_INPUT;
  litlens = (<u32>bits & 31) + 257;
  distances = (<u32>(bits >> 5) & 31) + 1;
  orders = (<u32>(bits >> 10) & 15) + 4;
  if (litlens > 286 || distances > 30) return BAD_CODE_LENGTHS;
  drop(14);
  memory.fill(CODE_LENGTHS, 0, 19);
  index = 0;
  state = RUN_LENGTHS;
  return CONTINUE;
}

function readRunLengths(): i32 {
  for (; index < orders; index++) {
    if (!have(3)) return NEEDS_INPUT;
    store<u8>(CODE_LENGTHS + load<u8>(RUNS_ORDER + index), <u32>bits & 7);
    drop(3);
  }
  if (!makeTable(RUNS_TABLE, RUNS_INDEX, CODE_LENGTHS, 19)) return BAD_CODE_LENGTHS;
  index = 0;
  state = LENGTHS;
  return CONTINUE;
}

function readLengths(): i32 {
  const total = litlens + distances;
  while (index < total) {
    have(14);
    const entry = load<u32>(RUNS_TABLE + (<usize>(<u32>bits & 127) << 2));
    const symbol = entry >> 16, code = entry & 63;
    const extra: u32 = symbol < 16 ? 0 : symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
    if (code + extra > fill) return NEEDS_INPUT;
    let value = symbol, times: u32 = 1;
    if (symbol >= 16) {
      times = (symbol == 18 ? 11 : 3) + (<u32>(bits >> code) & ((1 << extra) - 1));
      if (index + times > total || (symbol == 16 && index == 0)) return BAD_CODE_LENGTHS;
      value = symbol == 16 ? <u32>load<u8>(CODE_LENGTHS + index - 1) : 0;
    }
    drop(code + extra);
    memory.fill(CODE_LENGTHS + index, <u8>value, times);
    index += times;
  }
  // A block without an end of block code could not end.
  if (load<u8>(CODE_LENGTHS + 256) == 0) return BAD_CODE_LENGTHS;
  if (!makeTable(LITLEN_TABLE, LITLEN_INDEX, CODE_LENGTHS, litlens)) return BAD_CODE_LENGTHS;
  if (!makeTable(DIST_TABLE, DIST_INDEX, CODE_LENGTHS + litlens, distances)) return BAD_CODE_LENGTHS;
  state = SYMBOLS;
  return CONTINUE;
}

/** Symbols up to the end of the block. */
function readSymbols(limit: usize): i32 {
  for (;;) {
    if (out >= limit) return HAS_PIECE;
    if (end - from >= 64) {
      const answer = inflateFast(from, end, bits, fill, out, limit, begin);
      from = fastIn, bits = fastBits, fill = fastFill, out = fastOut;
      if (answer != CONTINUE) return answer;
      continue;
    }
    while (fill <= 48 && from < end) takeByte();
    const answer = readSymbol();
    if (answer != CONTINUE) return answer;
  }
  return DONE;
}

/** One symbol from the bits at hand; if they do not reach, nothing changes. */
function readSymbol(): i32 {
  let rest = bits, used: u32 = 0;
  let entry = load<u32>(LITLEN_TABLE + (<usize>(<u32>rest & ((1 << LITLEN_INDEX) - 1)) << 2));
  if (entry & SUBTABLE) {
    rest >>= LITLEN_INDEX, used = LITLEN_INDEX;
    entry = load<u32>(LITLEN_TABLE + (<usize>(((entry >> 16) & 0x7fff) + (<u32>rest & ((1 << ((entry >> 8) & 63)) - 1))) << 2));
  }
  let take = entry & 63;
  used += take;
  if (used > fill) return NEEDS_INPUT;
  if (entry & LITERAL) {
    store<u8>(out++, entry >> 16);
    drop(used);
    return CONTINUE;
  }
  if (entry & SPECIAL) {
    if (entry & INVALID) return BAD_CODE;
    drop(used);
    return BLOCK_END;
  }
  const length = (entry >> 16) + <u32>((rest & (((<u64>1) << take) - 1)) >> ((entry >> 8) & 63));
  rest >>= take;
  entry = load<u32>(DIST_TABLE + (<usize>(<u32>rest & ((1 << DIST_INDEX) - 1)) << 2));
  if (entry & SUBTABLE) {
    rest >>= DIST_INDEX, used += DIST_INDEX;
    entry = load<u32>(DIST_TABLE + (<usize>(((entry >> 16) & 0x7fff) + (<u32>rest & ((1 << ((entry >> 8) & 63)) - 1))) << 2));
  }
  take = entry & 63;
  used += take;
  if (used > fill) return NEEDS_INPUT;
  if (entry & SPECIAL) return BAD_CODE;
  const distance = (entry >> 16) + <u32>((rest & (((<u64>1) << take) - 1)) >> ((entry >> 8) & 63));
  if (distance > <u32>(out - begin)) return BAD_DISTANCE;
  drop(used);
  const stop = out + length;
  for (; out < stop; out++) store<u8>(out, load<u8>(out - distance));
  return CONTINUE;
}
