// SHA-256 (FIPS 180-4), four lanes: four independent messages at once, word i of a vector belongs to lane i.
//
// Shape: eight rounds unrolled over renamed variables, so the renaming comes round. The message schedule lies in memory, and each
// round writes the word sixteen rounds ahead: with the schedule in locals the engines spill (V8 930 instead of 946 MB/s,
// JavaScriptCore 290 to 380 instead of 480), and computed in batches it overlaps less with the rounds (V8 875). WASM has no
// vector rotate, so a rotate is two shifts; shifts of one direction are gathered first, which keeps few values alive (nested shifts,
// ((x>>>14 ^ x)>>>5 ^ x)>>>6, are 2 % slower). Maj reuses the a ^ b of the round before. Constants come by load32_splat: the
// load ports have room.

import { SHA_SCHEDULE, SHA_STATE } from "./layout";
import { K } from "./sha256";

// @ts-ignore: decorator
@inline
function add(a: v128, b: v128): v128 {
  return i32x4.add(a, b);
}

// @ts-ignore: decorator
@inline
function xor(a: v128, b: v128): v128 {
  return v128.xor(a, b);
}

// @ts-ignore: decorator
@inline
function shr(a: v128, n: i32): v128 {
  return i32x4.shr_u(a, n);
}

// @ts-ignore: decorator
@inline
function shl(a: v128, n: i32): v128 {
  return i32x4.shl(a, n);
}

/** Σ1(e) + Ch(e, f, g) + h + k + w (4.1.2, 6.2.2). */
// @ts-ignore: decorator
@inline
function half1(e: v128, f: v128, g: v128, h: v128, k: usize, w: v128): v128 {
  const right = xor(xor(shr(e, 6), shr(e, 11)), shr(e, 25));
  const left = xor(xor(shl(e, 26), shl(e, 21)), shl(e, 7));
  const choice = xor(v128.and(xor(f, g), e), g);
  return add(add(add(h, add(w, v128.load32_splat(k))), choice), xor(left, right));
}

/** Σ0(a). */
// @ts-ignore: decorator
@inline
function sigma0(a: v128): v128 {
  const right = xor(xor(shr(a, 2), shr(a, 13)), shr(a, 22));
  const left = xor(xor(shl(a, 30), shl(a, 19)), shl(a, 10));
  return xor(left, right);
}

/** Maj(a, b, c) from b, a ^ b and b ^ c. */
// @ts-ignore: decorator
@inline
function majority(b: v128, ab: v128, bc: v128): v128 {
  return xor(v128.and(ab, bc), b);
}

/** W[t] = σ1(W[t-2]) + W[t-7] + σ0(W[t-15]) + W[t-16]. */
// @ts-ignore: decorator
@inline
function next(w0: v128, w1: v128, w9: v128, w14: v128): v128 {
  const s0 = xor(xor(xor(shr(w1, 7), shl(w1, 25)), xor(shr(w1, 18), shl(w1, 14))), shr(w1, 3));
  const s1 = xor(xor(xor(shr(w14, 17), shl(w14, 15)), xor(shr(w14, 19), shl(w14, 13))), shr(w14, 10));
  return add(add(add(w0, w9), s0), s1);
}

/** Four big-endian words of one lane. */
// @ts-ignore: decorator
@inline
function words(from: usize, offset: usize): v128 {
  const bytes = v128.load(from + offset);
  return i8x16.shuffle(bytes, bytes, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

// The four shuffles that turn four lanes' words into vectors of one word each.

// @ts-ignore: decorator
@inline
function low(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 4, 1, 5);
}

// @ts-ignore: decorator
@inline
function high(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 2, 6, 3, 7);
}

// @ts-ignore: decorator
@inline
function lows(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(a, b, 0, 2);
}

// @ts-ignore: decorator
@inline
function highs(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(a, b, 1, 3);
}

/**
 * Hashes `count` blocks into each lane whose bit of `lanes` is set, lane i from pi. A lane whose bit is not set keeps its
 * state and costs nothing: its pointer must be readable and is otherwise ignored.
 */
export function shaBlocks4(p0: usize, p1: usize, p2: usize, p3: usize, count: usize, lanes: i32): void {
  let a = v128.load(SHA_STATE), b = v128.load(SHA_STATE, 16);
  let c = v128.load(SHA_STATE, 32), d = v128.load(SHA_STATE, 48);
  let e = v128.load(SHA_STATE, 64), f = v128.load(SHA_STATE, 80);
  let g = v128.load(SHA_STATE, 96), h = v128.load(SHA_STATE, 112);
  const taking = i32x4.ne(
    v128.and(i32x4.splat(lanes), i32x4(1, 2, 4, 8)),
    i32x4.splat(0),
  );
  let l0: v128, l1: v128, l2: v128, l3: v128, t0: v128, t1: v128, t2: v128, t3: v128;
  for (; count > 0; count--) {
    l0 = words(p0, 0), l1 = words(p1, 0), l2 = words(p2, 0), l3 = words(p3, 0);
    t0 = low(l0, l1), t1 = low(l2, l3), t2 = high(l0, l1), t3 = high(l2, l3);
    v128.store(SHA_SCHEDULE, lows(t0, t1), 0), v128.store(SHA_SCHEDULE, highs(t0, t1), 16), v128.store(SHA_SCHEDULE, lows(t2, t3), 32), v128.store(SHA_SCHEDULE, highs(t2, t3), 48);
    l0 = words(p0, 16), l1 = words(p1, 16), l2 = words(p2, 16), l3 = words(p3, 16);
    t0 = low(l0, l1), t1 = low(l2, l3), t2 = high(l0, l1), t3 = high(l2, l3);
    v128.store(SHA_SCHEDULE, lows(t0, t1), 64), v128.store(SHA_SCHEDULE, highs(t0, t1), 80), v128.store(SHA_SCHEDULE, lows(t2, t3), 96), v128.store(SHA_SCHEDULE, highs(t2, t3), 112);
    l0 = words(p0, 32), l1 = words(p1, 32), l2 = words(p2, 32), l3 = words(p3, 32);
    t0 = low(l0, l1), t1 = low(l2, l3), t2 = high(l0, l1), t3 = high(l2, l3);
    v128.store(SHA_SCHEDULE, lows(t0, t1), 128), v128.store(SHA_SCHEDULE, highs(t0, t1), 144), v128.store(SHA_SCHEDULE, lows(t2, t3), 160), v128.store(SHA_SCHEDULE, highs(t2, t3), 176);
    l0 = words(p0, 48), l1 = words(p1, 48), l2 = words(p2, 48), l3 = words(p3, 48);
    t0 = low(l0, l1), t1 = low(l2, l3), t2 = high(l0, l1), t3 = high(l2, l3);
    v128.store(SHA_SCHEDULE, lows(t0, t1), 192), v128.store(SHA_SCHEDULE, highs(t0, t1), 208), v128.store(SHA_SCHEDULE, lows(t2, t3), 224), v128.store(SHA_SCHEDULE, highs(t2, t3), 240);
    p0 += 64, p1 += 64, p2 += 64, p3 += 64;
    let x = xor(b, c), y: v128;
    let k = K, w = SHA_SCHEDULE;
    for (; k < K + 192; k += 32, w += 128) {
      h = half1(e, f, g, h, k + 0, v128.load(w, 0)), d = add(d, h);
      y = xor(a, b), h = add(h, add(sigma0(a), majority(b, y, x)));
      v128.store(w, next(v128.load(w, 0), v128.load(w, 16), v128.load(w, 144), v128.load(w, 224)), 256);
      g = half1(d, e, f, g, k + 4, v128.load(w, 16)), c = add(c, g);
      x = xor(h, a), g = add(g, add(sigma0(h), majority(a, x, y)));
      v128.store(w, next(v128.load(w, 16), v128.load(w, 32), v128.load(w, 160), v128.load(w, 240)), 272);
      f = half1(c, d, e, f, k + 8, v128.load(w, 32)), b = add(b, f);
      y = xor(g, h), f = add(f, add(sigma0(g), majority(h, y, x)));
      v128.store(w, next(v128.load(w, 32), v128.load(w, 48), v128.load(w, 176), v128.load(w, 256)), 288);
      e = half1(b, c, d, e, k + 12, v128.load(w, 48)), a = add(a, e);
      x = xor(f, g), e = add(e, add(sigma0(f), majority(g, x, y)));
      v128.store(w, next(v128.load(w, 48), v128.load(w, 64), v128.load(w, 192), v128.load(w, 272)), 304);
      d = half1(a, b, c, d, k + 16, v128.load(w, 64)), h = add(h, d);
      y = xor(e, f), d = add(d, add(sigma0(e), majority(f, y, x)));
      v128.store(w, next(v128.load(w, 64), v128.load(w, 80), v128.load(w, 208), v128.load(w, 288)), 320);
      c = half1(h, a, b, c, k + 20, v128.load(w, 80)), g = add(g, c);
      x = xor(d, e), c = add(c, add(sigma0(d), majority(e, x, y)));
      v128.store(w, next(v128.load(w, 80), v128.load(w, 96), v128.load(w, 224), v128.load(w, 304)), 336);
      b = half1(g, h, a, b, k + 24, v128.load(w, 96)), f = add(f, b);
      y = xor(c, d), b = add(b, add(sigma0(c), majority(d, y, x)));
      v128.store(w, next(v128.load(w, 96), v128.load(w, 112), v128.load(w, 240), v128.load(w, 320)), 352);
      a = half1(f, g, h, a, k + 28, v128.load(w, 112)), e = add(e, a);
      x = xor(b, c), a = add(a, add(sigma0(b), majority(c, x, y)));
      v128.store(w, next(v128.load(w, 112), v128.load(w, 128), v128.load(w, 256), v128.load(w, 336)), 368);
    }
    for (; k < K + 256; k += 32, w += 128) {
      h = half1(e, f, g, h, k + 0, v128.load(w, 0)), d = add(d, h);
      y = xor(a, b), h = add(h, add(sigma0(a), majority(b, y, x)));
      g = half1(d, e, f, g, k + 4, v128.load(w, 16)), c = add(c, g);
      x = xor(h, a), g = add(g, add(sigma0(h), majority(a, x, y)));
      f = half1(c, d, e, f, k + 8, v128.load(w, 32)), b = add(b, f);
      y = xor(g, h), f = add(f, add(sigma0(g), majority(h, y, x)));
      e = half1(b, c, d, e, k + 12, v128.load(w, 48)), a = add(a, e);
      x = xor(f, g), e = add(e, add(sigma0(f), majority(g, x, y)));
      d = half1(a, b, c, d, k + 16, v128.load(w, 64)), h = add(h, d);
      y = xor(e, f), d = add(d, add(sigma0(e), majority(f, y, x)));
      c = half1(h, a, b, c, k + 20, v128.load(w, 80)), g = add(g, c);
      x = xor(d, e), c = add(c, add(sigma0(d), majority(e, x, y)));
      b = half1(g, h, a, b, k + 24, v128.load(w, 96)), f = add(f, b);
      y = xor(c, d), b = add(b, add(sigma0(c), majority(d, y, x)));
      a = half1(f, g, h, a, k + 28, v128.load(w, 112)), e = add(e, a);
      x = xor(b, c), a = add(a, add(sigma0(b), majority(c, x, y)));
    }
    a = keep(0, a, taking), b = keep(16, b, taking), c = keep(32, c, taking), d = keep(48, d, taking);
    e = keep(64, e, taking), f = keep(80, f, taking), g = keep(96, g, taking), h = keep(112, h, taking);
  }
}

/** Adds a word to the state of the lanes that take part, and gives the new state. */
// @ts-ignore: decorator
@inline
function keep(word: usize, value: v128, taking: v128): v128 {
  const state = add(v128.load(SHA_STATE + word), v128.and(value, taking));
  v128.store(SHA_STATE + word, state);
  return state;
}
