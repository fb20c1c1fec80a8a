/** The core with SIMD and without: every kernel test runs on both. */

import { type Core, loadCore } from "../../wasm/core.ts";
import { plain } from "../../wasm/core_bytes.ts";

export const cores: [string, Core][] = [
  ["simd", await loadCore()],
  ["plain", await loadCore(new WebAssembly.Module(Buffer.from(plain, "base64")))],
];

/** Pseudo-random numbers below `limit`, the same in every run. */
export function random(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 0x100000000 * limit);
  };
}

/** Bytes of several kinds, so that blocks of all forms and matches of all lengths and distances occur. */
export function sample(kind: number, length: number, seed: number): Uint8Array<ArrayBuffer> {
  const next = random(seed), bytes = new Uint8Array(length);
  const words = [
    "layer",
    "digest ",
    "sha256:",
    "\n",
    "application/vnd.oci.image",
    "usr/lib/",
    " ",
    "\0\0\0\0",
    "root",
  ];
  switch (kind) {
    case 0: // incompressible
      for (let i = 0; i < length; i++) bytes[i] = next(256);
      return bytes;
    case 1: // all equal
      return bytes.fill(next(256));
    case 2: { // text
      let text = "";
      while (text.length < length) text += words[next(words.length)]!;
      return new TextEncoder().encode(text).slice(0, length);
    }
    case 3: // few symbols
      for (let i = 0; i < length; i++) bytes[i] = next(2) * 7;
      return bytes;
    default: // copies from all distances, some literals between
      for (let i = 0; i < length;) {
        const from = next(i + 1), run = Math.min(length - i, 1 + next(next(40) === 0 ? 700 : 20));
        if (i === 0 || next(4) === 0) bytes[i++] = next(256);
        else for (let n = 0; n < run; n++, i++) bytes[i] = bytes[from + n]!;
      }
      return bytes;
  }
}
