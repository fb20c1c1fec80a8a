import { type Bytes, concat } from "../bytes.ts";
import type { ByteSource } from "./byte_source.ts";

// https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1
const checked = 2, extra = 4, named = 8, commented = 16, unknown = 0xe0;
/** Most bytes of a name or a comment. */
const mostText = 64 * 1024;

/** Takes the header of a member; times and names in it are nobody's business. */
export async function takeHeader(source: ByteSource): Promise<void> {
  const start = source.offset;
  const parts = [await source.take(10)];
  const [head] = parts as [Bytes];
  if (head[0] !== 0x1f || head[1] !== 0x8b) throw new Error(`no gzip header at byte ${start}`);
  if (head[2] !== 8) throw new Error(`unknown compression method ${head[2]} at byte ${start + 2}`);
  const flags = head[3]!;
  if (flags & unknown) throw new Error(`unknown header flags set at byte ${start + 3}`);
  if (flags & extra) {
    const length = await source.take(2);
    parts.push(length, await source.take(length[0]! + 256 * length[1]!));
  }
  for (const flag of [named, commented]) if (flags & flag) parts.push(await source.text(mostText));
  if (flags & checked) {
    const crc = await source.take(2);
    if (crc[0]! + 256 * crc[1]! !== (crc32(concat(parts)) & 0xffff)) {
      throw new Error(`wrong checksum of the header at byte ${start}`);
    }
  }
}

/** Bit by bit: few headers have a checksum, and none is long. */
function crc32(bytes: Bytes): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc;
}
