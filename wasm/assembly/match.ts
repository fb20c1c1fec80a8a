// What the matchers share.

/** RFC 1951 section 2: a match is at most 258 bytes long and begins at most 32768 bytes back. */
export const MAX_LENGTH: usize = 258;
export const MAX_DISTANCE: usize = 32768;

/** How many bytes at `p` and `from` are alike, given that the first `known` are; never past `stop`. */
// @ts-ignore: decorator
@inline
export function matchLength(p: usize, from: usize, known: usize, stop: usize): usize {
  const begin = p;
  p += known;
  from += known;
  while (p < stop) {
    const differ = load<u64>(p) ^ load<u64>(from);
    if (differ != 0) {
      p += <usize>(ctz<u64>(differ) >> 3);
      break;
    }
    p += 8;
    from += 8;
  }
  return min(p, stop) - begin;
}

/** Appends the bytes from `from` to `stop` to the literals; may write up to 15 bytes more. Gives the new end. */
// @ts-ignore: decorator
@inline
export function copyLiterals(to: usize, from: usize, stop: usize): usize {
  const end = to + (stop - from);
  do {
    store<u64>(to, load<u64>(from));
    store<u64>(to, load<u64>(from, 8), 8);
    to += 16;
    from += 16;
  } while (to < end);
  return end;
}
