// DEFLATE blocks (RFC 1951 section 3.2.3) from sequences: where one block ends and the next begins, which of the three forms is
// the smallest, and the bits.
//
// Shape: bits gather in a u64 that is stored whole after every four literals or every match; the pointer moves on by
// the whole bytes. Literal codes are at most 14 bits, so four and seven left-over bits fit. A code has its length in the low
// byte: WebAssembly's shifts look at no more bits than they need, so `x << code` shifts by the length with nothing masked off.
// Lengths go through a table of 256 ready codes with their extra bits, distances are computed: a table of 32768 would push the
// window out of the cache. Tables are addressed by the offset in the load instruction, which is an addition less.

import { assignCodes, makeCode } from "./huffman";
import {
  CHUNK,
  DIST_BITS,
  DIST_CODE,
  DIST_FREQ,
  LENGTH_CODE,
  LENGTH_FREQ,
  LITERALS,
  LITLEN_BITS,
  LITLEN_CODE,
  LITLEN_FREQ,
  LOG2,
  OUTPUT,
  RUNS,
  RUNS_BITS,
  RUNS_CODE,
  RUNS_FREQ,
  SEGMENT_FREQ,
  SEQUENCES,
} from "./layout";
import { codeExtra, distanceCode, distanceExtra, LENGTH_BASE, LENGTH_EXTRA, RUNS_ORDER } from "./tables";

const SYMBOLS: usize = 320; // 288 of literals and lengths, 32 of distances
const END_OF_BLOCK: usize = 256;

let out: usize = OUTPUT;
let acc: u64 = 0;
let fill: u64 = 0;

/** Begins an output. */
export function bitsReset(): void {
  out = OUTPUT;
  acc = 0;
  fill = 0;
}

function putBits(value: u32, bits: u32): void {
  acc |= <u64>value << fill;
  fill += bits;
  store<u64>(out, acc);
  out += <usize>(fill >> 3);
  acc >>= fill & 56;
  fill &= 7;
}

/** Fills the last byte with zeros. */
function align(): void {
  if (fill != 0) putBits(0, 8 - <u32>fill);
}

/** Ends a chunk that others follow: an empty stored block, so that the next begins at a byte. */
export function syncFlush(): void {
  putBits(0, 3);
  align();
  putBits(0xffff0000, 32);
}

/** Ends the output; gives its length. */
export function bitsFinish(): usize {
  align();
  return out - OUTPUT;
}

/**
 * Writes the sequences from SEQUENCES to `last`, which cover the chunk up to `end`, as blocks. `segment` is how many bytes of
 * input are looked at together when blocks are told apart.
 */
export function writeBlocks(last: usize, end: usize, segment: usize, final: bool): void {
  let first = SEQUENCES, firstLiteral = LITERALS, firstByte = CHUNK; // where the current block begins
  let seq = SEQUENCES, literal = LITERALS, byte = CHUNK; // where the next segment begins
  let cost: u32 = 0; // of the current block, estimated
  memory.fill(LITLEN_FREQ, 0, SYMBOLS * 4);
  while (seq < last) {
    const begin = seq, beginLiteral = literal, beginByte = byte;
    memory.fill(SEGMENT_FREQ, 0, SYMBOLS * 4);
    memory.fill(LENGTH_FREQ, 0, 260 * 4);
    const target = byte + segment;
    do {
      const run = <usize>load<u32>(seq);
      const match = load<u32>(seq, 4);
      literal += run;
      byte += run + <usize>(match >> 16);
      seq += 8;
      if (match == 0) break; // the last one: literals alone
      increment(LENGTH_FREQ + (<usize>(match >> 16) << 2));
      const d = (match & 0xffff) - 1;
      increment(SEGMENT_FREQ + 288 * 4 + (<usize>distanceCode(d, distanceExtra(d)) << 2));
    } while (seq < last && byte < target);
    countLiterals(beginLiteral, literal);
    countLengths();
    alone = joined = 120;
    estimate(0, 286);
    estimate(288 * 4, 30);
    if (begin == first || joined <= cost + alone) {
      addSegment();
      cost = joined;
      continue;
    }
    // Another kind of data begins: the segment does not belong to the block.
    writeBlock(first, begin, firstLiteral, firstByte, beginByte, false);
    memory.copy(LITLEN_FREQ, SEGMENT_FREQ, SYMBOLS * 4);
    first = begin;
    firstLiteral = beginLiteral;
    firstByte = beginByte;
    cost = alone;
  }
  writeBlock(first, last, firstLiteral, firstByte, end, final);
}

// @ts-ignore: decorator
@inline
function increment(slot: usize): void {
  store<u32>(slot, load<u32>(slot) + 1);
}

function countLiterals(literal: usize, stop: usize): void {
  for (; literal + 4 <= stop; literal += 4) {
    const four = load<u32>(literal);
    increment(SEGMENT_FREQ + (<usize>(four & 255) << 2));
    increment(SEGMENT_FREQ + (<usize>((four >> 8) & 255) << 2));
    increment(SEGMENT_FREQ + (<usize>((four >> 16) & 255) << 2));
    increment(SEGMENT_FREQ + (<usize>(four >> 24) << 2));
  }
  for (; literal < stop; literal++) increment(SEGMENT_FREQ + (<usize>load<u8>(literal) << 2));
}

/** Adds the lengths counted one by one to the frequencies of the length codes. */
function countLengths(): void {
  for (let code: usize = 0; code < 29; code++) {
    const base = <usize>load<u16>(LENGTH_BASE + (code << 1));
    let sum: u32 = 0;
    // Code 284 would reach 258, which has a code of its own.
    const stop = min<usize>(base + (<usize>1 << load<u8>(LENGTH_EXTRA + code)), code == 28 ? 259 : 258);
    for (let length = base; length < stop; length++) sum += load<u32>(LENGTH_FREQ + (length << 2));
    store<u32>(SEGMENT_FREQ + ((257 + code) << 2), sum);
  }
}

function addSegment(): void {
  // Two counts at a time: none comes near 32 bits.
  for (let i: usize = 0; i < SYMBOLS * 4; i += 8) {
    store<u64>(LITLEN_FREQ + i, load<u64>(LITLEN_FREQ + i) + load<u64>(SEGMENT_FREQ + i));
  }
}

/** log2 of 1 to 2 in 256 steps, as 16-bit fractions: squaring a mantissa gives its logarithm's next bit. */
export function makeLogarithms(): void {
  for (let step: u32 = 0; step < 256; step++) {
    let x: u64 = (256 + step) << 22; // 30 bits of fraction
    let log: u32 = 0;
    for (let bit = 0; bit < 12; bit++) {
      x = (x * x) >> 30;
      log <<= 1;
      if (x >= 1 << 31) {
        x >>= 1;
        log |= 1;
      }
    }
    store<u16>(LOG2 + (<usize>step << 1), log);
  }
}

/** log2(x) · 4096. */
// @ts-ignore: decorator
@inline
function log2(x: u32): u32 {
  const n = 31 - clz<u32>(x);
  return (n << 12) + <u32>load<u16>(LOG2 + (<usize>(((x << (31 - n)) >> 23) & 255) << 1));
}

/** About how many bits the segment takes as a block of its own, and how many the block takes with it, extra bits left out. */
let alone: u32 = 0;
let joined: u32 = 0;

/** Adds to both what the alphabet of `count` symbols at an offset of the histograms takes, by its entropy. */
function estimate(offset: usize, count: usize): void {
  let total1: u32 = 0, total2: u32 = 0, used1: u32 = 0, used2: u32 = 0;
  let sum1: u64 = 0, sum2: u64 = 0;
  for (let i = offset; i < offset + (count << 2); i += 4) {
    const f1 = load<u32>(SEGMENT_FREQ + i), f2 = f1 + load<u32>(LITLEN_FREQ + i);
    if (f2 == 0) continue;
    total2 += f2, used2++, sum2 += <u64>f2 * log2(f2);
    if (f1 == 0) continue;
    total1 += f1, used1++, sum1 += <u64>f1 * log2(f1);
  }
  if (total1 != 0) alone += <u32>((<u64>total1 * log2(total1) - sum1) >> 12) + used1 * HEADER_BITS;
  if (total2 != 0) joined += <u32>((<u64>total2 * log2(total2) - sum2) >> 12) + used2 * HEADER_BITS;
}

/** What a symbol in use adds to the header of a block, about. */
const HEADER_BITS: u32 = 4;

/**
 * Writes one block: sequences `first` to `last` with the literals from `literal` on, which cover the bytes `from` to `end`; the
 * frequencies are at LITLEN_FREQ.
 */
function writeBlock(first: usize, last: usize, literal: usize, from: usize, end: usize, final: bool): void {
  store<u32>(LITLEN_FREQ + END_OF_BLOCK * 4, 1);
  makeCode(LITLEN_FREQ, 286, 14, LITLEN_BITS, LITLEN_CODE);
  makeCode(DIST_FREQ, 30, 15, DIST_BITS, DIST_CODE);
  let litlens: i32 = 286, distances: i32 = 30;
  while (load<u8>(LITLEN_BITS + litlens - 1) == 0) litlens--;
  while (distances > 1 && load<u8>(DIST_BITS + distances - 1) == 0) distances--;
  const runs = makeRuns(litlens, distances);
  makeCode(RUNS_FREQ, 19, 7, RUNS_BITS, RUNS_CODE);
  let orders: i32 = 19;
  while (orders > 4 && load<u8>(RUNS_BITS + load<u8>(RUNS_ORDER + orders - 1)) == 0) orders--;

  let dynamic: u32 = 14 + 3 * orders, fixed: u32 = 0, extra: u32 = 0;
  for (let run: usize = 0; run < 19; run++) {
    const bits = <u32>load<u8>(RUNS_BITS + run) + (run < 16 ? 0 : run == 16 ? 2 : run == 17 ? 3 : 7);
    dynamic += bits * load<u32>(RUNS_FREQ + (run << 2));
  }
  for (let symbol: usize = 0; symbol < 286; symbol++) {
    const f = load<u32>(LITLEN_FREQ + (symbol << 2));
    dynamic += f * load<u8>(LITLEN_BITS + symbol);
    fixed += f * fixedBits(symbol);
    if (symbol > 256) extra += f * load<u8>(LENGTH_EXTRA + symbol - 257);
  }
  for (let code: usize = 0; code < 30; code++) {
    const f = load<u32>(DIST_FREQ + (code << 2));
    dynamic += f * load<u8>(DIST_BITS + code);
    fixed += f * 5;
    extra += f * codeExtra(<u32>code);
  }
  const length = <u32>(end - from);
  const stored = (length << 3) + 40 * (length / 65535 + 1);
  if (stored <= min(dynamic, fixed) + extra) return writeStored(from, end, final);

  putBits((final ? 1 : 0) | (fixed <= dynamic ? 2 : 4), 3);
  if (fixed <= dynamic) {
    for (let symbol: usize = 0; symbol < 288; symbol++) store<u8>(LITLEN_BITS + symbol, fixedBits(symbol));
    memory.fill(DIST_BITS, 5, 30);
    assignCodes(LITLEN_BITS, 288, LITLEN_CODE);
    assignCodes(DIST_BITS, 30, DIST_CODE);
  } else {
    writeHeader(litlens, distances, orders, runs);
  }
  makeLengthCodes();
  writeSequences(first, last, literal);
}

/** Code lengths of a block with fixed codes (3.2.6). */
function fixedBits(symbol: usize): u32 {
  return symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
}

/** Stored blocks (3.2.4): 65535 bytes each at most. */
function writeStored(from: usize, end: usize, final: bool): void {
  do {
    const length = min<usize>(end - from, 65535);
    putBits(final && from + length == end ? 1 : 0, 3);
    align();
    putBits(<u32>length | (~<u32>length << 16), 32);
    memory.copy(out, from, length);
    out += length;
    from += length;
  } while (from < end);
}

/** Run-length codes of all code lengths (3.2.7) at RUNS, as symbol | extra << 8; gives their number. */
function makeRuns(litlens: i32, distances: i32): i32 {
  // The lengths of both alphabets in one row, for runs may go from one to the other.
  memory.copy(LITLEN_BITS + litlens, DIST_BITS, distances);
  const total = litlens + distances;
  memory.fill(RUNS_FREQ, 0, 19 * 4);
  let runs: i32 = 0;
  for (let i = 0; i < total;) {
    const bits = <u32>load<u8>(LITLEN_BITS + i);
    let run = 1;
    while (i + run < total && load<u8>(LITLEN_BITS + i + run) == bits) run++;
    i += run;
    if (bits == 0) {
      for (; run >= 11; run -= min(run, 138)) putRun(runs++, 18, min(run, 138) - 11);
      if (run >= 3) putRun(runs++, 17, run - 3), run = 0;
    } else {
      putRun(runs++, bits, 0), run--;
      for (; run >= 3; run -= min(run, 6)) putRun(runs++, 16, min(run, 6) - 3);
    }
    for (; run > 0; run--) putRun(runs++, bits, 0);
  }
  return runs;
}

function putRun(index: i32, symbol: u32, extra: i32): void {
  store<u16>(RUNS + (<usize>index << 1), symbol | (extra << 8));
  const slot = RUNS_FREQ + (<usize>symbol << 2);
  store<u32>(slot, load<u32>(slot) + 1);
}

/** The header of a block with dynamic codes (3.2.7). */
function writeHeader(litlens: i32, distances: i32, orders: i32, runs: i32): void {
  putBits((litlens - 257) | ((distances - 1) << 5) | ((orders - 4) << 10), 14);
  for (let i = 0; i < orders; i++) putBits(load<u8>(RUNS_BITS + load<u8>(RUNS_ORDER + i)), 3);
  for (let i = 0; i < runs; i++) {
    const run = <u32>load<u16>(RUNS + (<usize>i << 1));
    const symbol = run & 255;
    const code = load<u32>(RUNS_CODE + (<usize>symbol << 2));
    putBits(code >> 8, code & 255);
    if (symbol >= 16) putBits(run >> 8, symbol == 16 ? 2 : symbol == 17 ? 3 : 7);
  }
}

/** The code of every length with its extra bits. */
function makeLengthCodes(): void {
  for (let code: usize = 0; code < 29; code++) {
    const base = <usize>load<u16>(LENGTH_BASE + (code << 1));
    const bits = <u32>load<u8>(LENGTH_EXTRA + code);
    const entry = load<u32>(LITLEN_CODE + ((257 + code) << 2));
    for (let extra: u32 = 0; extra < <u32>1 << bits; extra++) {
      store<u32>(LENGTH_CODE + ((base + extra) << 2), (entry + bits) | (extra << ((entry & 255) + 8)));
    }
  }
}

/** The code of a literal << 8 | its length. */
// @ts-ignore: decorator
@inline
function literalCode(literal: u32): u32 {
  return load<u32>(<usize>(literal & 255) << 2, LITLEN_CODE);
}

/** The bits of sequences: literals, then length and distance; and the end of the block. */
function writeSequences(first: usize, last: usize, at: usize): void {
  let to = out, bits = acc, n = fill;
  for (let seq = first; seq < last; seq += 8) {
    const match = load<u32>(seq, 4);
    let rest = <i32>load<u32>(seq);
    const next = at + rest;
    for (; rest > 4; rest -= 4) {
      const four = load<u32>(at);
      const a = literalCode(four), b = literalCode(four >> 8), c = literalCode(four >> 16), d = literalCode(four >> 24);
      const ab = (a >> 8) | ((b >> 8) << a), abn = a + b;
      const cd = (c >> 8) | ((d >> 8) << c), cdn = c + d;
      bits |= (<u64>ab | (<u64>cd << abn)) << n, n += (abn + cdn) & 255;
      at += 4;
      store<u64>(to, bits);
      to += <usize>(n >> 3);
      bits >>= n & 56;
      n &= 7;
    }
    {
      const four = load<u32>(at);
      const a = select<u32>(literalCode(four), 0, rest > 0), b = select<u32>(literalCode(four >> 8), 0, rest > 1);
      const c = select<u32>(literalCode(four >> 16), 0, rest > 2), d = select<u32>(literalCode(four >> 24), 0, rest > 3);
      const ab = (a >> 8) | ((b >> 8) << a), abn = a + b;
      const cd = (c >> 8) | ((d >> 8) << c), cdn = c + d;
      bits |= (<u64>ab | (<u64>cd << abn)) << n, n += (abn + cdn) & 255;
      store<u64>(to, bits);
      to += <usize>(n >> 3);
      bits >>= n & 56;
      n &= 7;
      at = next;
    }
    if (match == 0) continue;
    const d = (match & 0xffff) - 1;
    const extra = distanceExtra(d);
    const a = load<u32>(<usize>(match >> 16) << 2, LENGTH_CODE), b = load<u32>(<usize>distanceCode(d, extra) << 2, DIST_CODE);
    const be = (b >> 8) | ((d & ((<u32>1 << extra) - 1)) << b);
    bits |= (<u64>(a >> 8) | (<u64>be << a)) << n, n += ((a + b) & 255) + extra;
    store<u64>(to, bits);
    to += <usize>(n >> 3);
    bits >>= n & 56;
    n &= 7;
  }
  out = to, acc = bits, fill = n;
  const eob = load<u32>(LITLEN_CODE + END_OF_BLOCK * 4);
  putBits(eob >> 8, eob & 255);
}
