/** Layers that change each other, the same each time. */

import { type Layer, layer } from "../../src/image/mod.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { type TarItem, writeTar } from "../../src/tar/mod.ts";
import { file } from "../tar/tools.ts";

const directories = 12;

function* base(): Generator<TarItem> {
  for (let d = 0; d < directories; d++) {
    yield { type: "directory", path: `d${d}`, options: { mode: 0o555 } };
    for (let i = 0; i < 20; i++) yield file(`d${d}/f${i}`, randomBytes(3000, d * 100 + i), { mode: 0o400 });
    yield { type: "hardlink", path: `d${d}/same`, linkname: `d${d}/f0` };
    yield { type: "symlink", path: `l${d}`, linkname: `/d${d}` };
  }
}

function* upper(): Generator<TarItem> {
  for (let d = 0; d < directories; d++) {
    yield file(`l${d}/f1`, randomBytes(5000, d), { mode: 0o644 });
    yield file(`d${d}/.wh.f2`, "");
    yield { type: "fifo", path: `d${d}/p` };
  }
}

/** Two of them. */
export function madeUpLayers(): Layer[] {
  return [base, upper].map((items) => layer(() => writeTar(items()), { compression: "none" }));
}
