export * from "./simd";
import { findFast } from "./match_fast";
import { findLazy } from "./match_lazy";
export { writeBlocks, bitsReset, makeLogarithms, bitsFinish } from "./block";
export function find(begin: usize, end: usize, level: i32): usize { return level == 1 ? findFast(begin, end) : level > 9 ? findLazy(begin, end, level & 255, level >> 8, false) : findLazy(begin, end, 300, 258, true); }
