import { type Bytes, streamOf } from "../../bytes.ts";
import type { TarItem } from "../../tar/item.ts";

/** A file of an archive from bytes. */
export function bytesItem(path: string, bytes: Bytes): TarItem {
  return { type: "file", path, size: bytes.byteLength, readable: streamOf(bytes) };
}
