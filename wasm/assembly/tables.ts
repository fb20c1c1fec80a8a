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
export function distanceExtra(code: u32): u32 {
  return code < 2 ? 0 : (code >> 1) - 1;
}

/** The distance code of a distance: its top two bits and how many follow. */
// @ts-ignore: decorator
@inline
export function distanceCode(distance: u32): u32 {
  const d = distance - 1;
  // For d < 2 the code is d: setting bit 1 would make it 2 + …, so count from d | 1 and take the bit away again.
  const n = 31 - clz<u32>(d | 1);
  return n == 0 ? d : (n << 1) | ((d >> (n - 1)) & 1);
}

/** Smallest distance of the distance codes 0 to 29. */
// @ts-ignore: decorator
@inline
export function distanceBase(code: u32): u32 {
  return code < 2 ? code + 1 : ((2 + (code & 1)) << ((code >> 1) - 1)) + 1;
}
