// The alphabets of DEFLATE (RFC 1951 section 3.2.5), for the encoder and the decoder.

/** Extra bits of the length codes 257 to 285. */
export const LENGTH_EXTRA: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
]);

/** Shortest length of the length codes 257 to 285. */
export const LENGTH_BASE: usize = memory.data<u16>([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
]);

/** Order in which the lengths of the code length code are stored (3.2.7). */
export const RUNS_ORDER: usize = memory.data<u8>([
  16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
]);

/** Extra bits of a distance code. */
// @ts-ignore: decorator
@inline
export function codeExtra(code: u32): u32 {
  return code < 2 ? 0 : (code >> 1) - 1;
}

/** Extra bits of the code of a distance less one: all but its top two bits. */
// @ts-ignore: decorator
@inline
export function distanceExtra(d: u32): u32 {
  return 30 - clz<u32>(d | 2);
}

/** The code of a distance less one, which has so many extra bits. */
// @ts-ignore: decorator
@inline
export function distanceCode(d: u32, extra: u32): u32 {
  return (extra << 1) + (d >> extra);
}

/** Smallest distance of the distance codes 0 to 29. */
// @ts-ignore: decorator
@inline
export function distanceBase(code: u32): u32 {
  return code < 2 ? code + 1 : ((2 + (code & 1)) << ((code >> 1) - 1)) + 1;
}
