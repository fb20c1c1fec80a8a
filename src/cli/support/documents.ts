import { type Bytes, streamOf } from "../../bytes.ts";
import { memory, overlay, type Role, type Source } from "../../content/mod.ts";
import { digestBytes } from "../../digest/mod.ts";
import { type Image, type Index, openRoot } from "../../image/mod.ts";
import type { Descriptor } from "../../spec/descriptor.ts";

/** A document that takes the place of another one. */
export interface NewDocument {
  bytes: Bytes;
  mediaType: string;
  role: Role;
}

/** What an image or index is once documents of it have others in their place; the last one is its manifest. */
export async function withDocuments(
  source: Source,
  documents: readonly NewDocument[],
): Promise<Image | Index> {
  const store = memory();
  let last: Descriptor | undefined;
  for (const { bytes, mediaType, role } of documents) {
    const digest = await digestBytes(bytes);
    const open = () => Promise.resolve(streamOf(bytes));
    const content = { mediaType, digest, size: bytes.byteLength, replayable: true, open };
    await store.write(content, { role });
    last = { mediaType, digest, size: bytes.byteLength };
  }
  return await openRoot(overlay(store, source), last!);
}
