/** Documents as somebody else's tool might have written them. */

import { streamOf, utf8 } from "../../src/bytes.ts";
import type { Memory } from "../../src/content/mod.ts";
import { type Descriptor, mediaTypes } from "../../src/spec/mod.ts";

/** Writes an index, or another document. */
export async function put(
  store: Memory,
  value: unknown,
  options: { mediaType?: string; indent?: number } = {},
): Promise<Descriptor> {
  const { mediaType = mediaTypes.ociIndex, indent } = options;
  const bytes = utf8(JSON.stringify(value, null, indent));
  const open = () => Promise.resolve(streamOf(bytes));
  return (await store.write({ mediaType, replayable: true, open }, { role: "manifest" })).descriptor;
}
