/** What the tests of reading archives share. */

import { type Archive, archive } from "../../../src/archive/mod.ts";
import { memory } from "../../../src/content/mod.ts";
import { copy } from "../../../src/copy/mod.ts";
import { openRoot } from "../../../src/image/mod.ts";
import type { Digest } from "../../../src/spec/mod.ts";
import { type Files, tarOf } from "../support.ts";

export async function opened(files: Files): Promise<Archive> {
  return archive(new Blob([await tarOf(files)]));
}

/** The first image, read whole: its digest. */
export async function moved(there: Archive, name = "@0"): Promise<Digest> {
  return (await copy(await openRoot(there, name), memory())).descriptor.digest;
}
