// SHA-256 (FIPS 180-4), one lane.
//
// Shape: sixteen rounds unrolled with the eight working variables renamed instead of moved, the message schedule in
// sixteen locals, and the 48 later rounds a loop of sixteen, so that the code stays small enough for the first-level
// instruction cache. The lane's state lies in the layout of four lanes (sha256x4.ts), so a stream may change between
// the two kernels from one block to the next.

import { SHA_STATE } from "./layout";

/** Round constants: the first 32 bits of the fractional parts of the cube roots of the first 64 primes (4.2.2). */
export const K: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);

/** Initial hash value (5.3.3). */
const H: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);

/** Begins a message in a lane. */
export function shaReset(lane: usize): void {
  for (let word: usize = 0; word < 8; word++) {
    store<u32>(SHA_STATE + (word << 4) + (lane << 2), load<u32>(H + (word << 2)));
  }
}

// Functions of 4.1.2, grouped as a round needs them.

// @ts-ignore: decorator
@inline
function half1(e: u32, f: u32, g: u32, h: u32, kw: u32): u32 {
  return h + (rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25)) + (((f ^ g) & e) ^ g) + kw;
}

// @ts-ignore: decorator
@inline
function half2(a: u32, b: u32, c: u32): u32 {
  return (rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22)) + ((a & b) | (c & (a | b)));
}

// @ts-ignore: decorator
@inline
function next(w0: u32, w1: u32, w9: u32, w14: u32): u32 {
  return w0 + (rotr<u32>(w1, 7) ^ rotr<u32>(w1, 18) ^ (w1 >> 3)) + w9 +
    (rotr<u32>(w14, 17) ^ rotr<u32>(w14, 19) ^ (w14 >> 10));
}

/** Hashes `count` blocks at `from` into a lane. */
export function shaBlocks(lane: usize, from: usize, count: usize): void {
  const state = SHA_STATE + (lane << 2);
  let a = load<u32>(state), b = load<u32>(state, 16), c = load<u32>(state, 32), d = load<u32>(state, 48);
  let e = load<u32>(state, 64), f = load<u32>(state, 80), g = load<u32>(state, 96), h = load<u32>(state, 112);
  for (; count > 0; count--, from += 64) {
    // 6.2.2, rounds 0 to 15 take the block's words, big-endian.
    let w0 = bswap<u32>(load<u32>(from, 0));
    let w1 = bswap<u32>(load<u32>(from, 4));
    let w2 = bswap<u32>(load<u32>(from, 8));
    let w3 = bswap<u32>(load<u32>(from, 12));
    let w4 = bswap<u32>(load<u32>(from, 16));
    let w5 = bswap<u32>(load<u32>(from, 20));
    let w6 = bswap<u32>(load<u32>(from, 24));
    let w7 = bswap<u32>(load<u32>(from, 28));
    let w8 = bswap<u32>(load<u32>(from, 32));
    let w9 = bswap<u32>(load<u32>(from, 36));
    let w10 = bswap<u32>(load<u32>(from, 40));
    let w11 = bswap<u32>(load<u32>(from, 44));
    let w12 = bswap<u32>(load<u32>(from, 48));
    let w13 = bswap<u32>(load<u32>(from, 52));
    let w14 = bswap<u32>(load<u32>(from, 56));
    let w15 = bswap<u32>(load<u32>(from, 60));
    h = half1(e, f, g, h, load<u32>(K, 0) + w0), d += h, h += half2(a, b, c);
    g = half1(d, e, f, g, load<u32>(K, 4) + w1), c += g, g += half2(h, a, b);
    f = half1(c, d, e, f, load<u32>(K, 8) + w2), b += f, f += half2(g, h, a);
    e = half1(b, c, d, e, load<u32>(K, 12) + w3), a += e, e += half2(f, g, h);
    d = half1(a, b, c, d, load<u32>(K, 16) + w4), h += d, d += half2(e, f, g);
    c = half1(h, a, b, c, load<u32>(K, 20) + w5), g += c, c += half2(d, e, f);
    b = half1(g, h, a, b, load<u32>(K, 24) + w6), f += b, b += half2(c, d, e);
    a = half1(f, g, h, a, load<u32>(K, 28) + w7), e += a, a += half2(b, c, d);
    h = half1(e, f, g, h, load<u32>(K, 32) + w8), d += h, h += half2(a, b, c);
    g = half1(d, e, f, g, load<u32>(K, 36) + w9), c += g, g += half2(h, a, b);
    f = half1(c, d, e, f, load<u32>(K, 40) + w10), b += f, f += half2(g, h, a);
    e = half1(b, c, d, e, load<u32>(K, 44) + w11), a += e, e += half2(f, g, h);
    d = half1(a, b, c, d, load<u32>(K, 48) + w12), h += d, d += half2(e, f, g);
    c = half1(h, a, b, c, load<u32>(K, 52) + w13), g += c, c += half2(d, e, f);
    b = half1(g, h, a, b, load<u32>(K, 56) + w14), f += b, b += half2(c, d, e);
    a = half1(f, g, h, a, load<u32>(K, 60) + w15), e += a, a += half2(b, c, d);
    for (let k = K + 64; k < K + 256; k += 64) {
      w0 = next(w0, w1, w9, w14);
      h = half1(e, f, g, h, load<u32>(k, 0) + w0), d += h, h += half2(a, b, c);
      w1 = next(w1, w2, w10, w15);
      g = half1(d, e, f, g, load<u32>(k, 4) + w1), c += g, g += half2(h, a, b);
      w2 = next(w2, w3, w11, w0);
      f = half1(c, d, e, f, load<u32>(k, 8) + w2), b += f, f += half2(g, h, a);
      w3 = next(w3, w4, w12, w1);
      e = half1(b, c, d, e, load<u32>(k, 12) + w3), a += e, e += half2(f, g, h);
      w4 = next(w4, w5, w13, w2);
      d = half1(a, b, c, d, load<u32>(k, 16) + w4), h += d, d += half2(e, f, g);
      w5 = next(w5, w6, w14, w3);
      c = half1(h, a, b, c, load<u32>(k, 20) + w5), g += c, c += half2(d, e, f);
      w6 = next(w6, w7, w15, w4);
      b = half1(g, h, a, b, load<u32>(k, 24) + w6), f += b, b += half2(c, d, e);
      w7 = next(w7, w8, w0, w5);
      a = half1(f, g, h, a, load<u32>(k, 28) + w7), e += a, a += half2(b, c, d);
      w8 = next(w8, w9, w1, w6);
      h = half1(e, f, g, h, load<u32>(k, 32) + w8), d += h, h += half2(a, b, c);
      w9 = next(w9, w10, w2, w7);
      g = half1(d, e, f, g, load<u32>(k, 36) + w9), c += g, g += half2(h, a, b);
      w10 = next(w10, w11, w3, w8);
      f = half1(c, d, e, f, load<u32>(k, 40) + w10), b += f, f += half2(g, h, a);
      w11 = next(w11, w12, w4, w9);
      e = half1(b, c, d, e, load<u32>(k, 44) + w11), a += e, e += half2(f, g, h);
      w12 = next(w12, w13, w5, w10);
      d = half1(a, b, c, d, load<u32>(k, 48) + w12), h += d, d += half2(e, f, g);
      w13 = next(w13, w14, w6, w11);
      c = half1(h, a, b, c, load<u32>(k, 52) + w13), g += c, c += half2(d, e, f);
      w14 = next(w14, w15, w7, w12);
      b = half1(g, h, a, b, load<u32>(k, 56) + w14), f += b, b += half2(c, d, e);
      w15 = next(w15, w0, w8, w13);
      a = half1(f, g, h, a, load<u32>(k, 60) + w15), e += a, a += half2(b, c, d);
    }
    a += load<u32>(state), b += load<u32>(state, 16), c += load<u32>(state, 32), d += load<u32>(state, 48);
    e += load<u32>(state, 64), f += load<u32>(state, 80), g += load<u32>(state, 96), h += load<u32>(state, 112);
    store<u32>(state, a), store<u32>(state, b, 16), store<u32>(state, c, 32), store<u32>(state, d, 48);
    store<u32>(state, e, 64), store<u32>(state, f, 80), store<u32>(state, g, 96), store<u32>(state, h, 112);
  }
}
