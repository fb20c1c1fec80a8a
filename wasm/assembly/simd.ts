// The module for engines with SIMD, which is all of Deno, Bun, Node, workerd and the browsers of 2023 and later.

export * from "./plain";
export { shaBlocks4 } from "./sha256x4";
