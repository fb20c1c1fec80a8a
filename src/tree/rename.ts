import type { Bytes } from "../bytes.ts";
import { lengths, offsets } from "../tar/header_fields.ts";
import { blockSize } from "../tar/header.ts";

/**
 * Puts another name into a plain header block, as layers that begin every path with `./` want for each entry. Gives
 * nothing where the name does not fit, or is not all there is to change: then the header has to be made anew.
 */
export function renamed(header: Bytes, name: string): Bytes | undefined {
  if (header.byteLength !== blockSize || name.length > lengths.name || header[offsets.prefix] !== 0) {
    return undefined;
  }
  const block = header.slice();
  block.fill(0, offsets.name, offsets.name + lengths.name);
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code >= 0x80) return undefined;
    block[offsets.name + i] = code;
  }
  block.fill(0x20, offsets.checksum, offsets.checksum + lengths.checksum);
  const sum = block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0");
  for (let i = 0; i < sum.length; i++) block[offsets.checksum + i] = sum.charCodeAt(i);
  block[offsets.checksum + sum.length] = 0;
  return block;
}
