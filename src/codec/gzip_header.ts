import { type Bytes, concat } from "../bytes.ts";
import type { ByteReader } from "./byte_reader.ts";

// Flags: https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1
const hasChecksum = 2, hasExtra = 4, hasName = 8, hasComment = 16, unknownFlags = 0xe0;
/** Most bytes of a name or a comment. */
const maxText = 64 * 1024;

/** Takes and checks the header of a member; what it says of time and name is dropped. */
export async function takeHeader(input: ByteReader): Promise<void> {
  const start = input.offset;
  const parts = [await input.take(10)];
  const head = parts[0]!;
  if (head[0] !== 0x1f || head[1] !== 0x8b) throw new Error(`no gzip header at byte ${start}`);
  if (head[2] !== 8) throw new Error(`unknown compression method ${head[2]} at byte ${start + 2}`);
  const flags = head[3]!;
  if (flags & unknownFlags) throw new Error(`unknown header flags set at byte ${start + 3}`);
  if (flags & hasExtra) {
    const length = await input.take(2);
    parts.push(length, await input.take(length[0]! + 256 * length[1]!));
  }
  for (const flag of [hasName, hasComment]) if (flags & flag) parts.push(await input.takeText(maxText));
  if (flags & hasChecksum) {
    const crc = await input.take(2);
    if (crc[0]! + 256 * crc[1]! !== (crc32(concat(parts)) & 0xffff)) {
      throw new Error(`wrong checksum of the header at byte ${start}`);
    }
  }
}

/** Bit by bit, without a table: few headers have a checksum, and none is long. */
function crc32(bytes: Bytes): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc;
}
