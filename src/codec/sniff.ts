/** What a stream is compressed with, as its first bytes say. */
export type Compression = "gzip" | "zstd" | "xz" | "bzip2" | "plain";

/** How many bytes {@link sniff} looks at. */
export const sniffLength = 10;

/**
 * Recognises a compression by its magic number. Ten bytes are enough; anything unknown is plain.
 *
 * @example
 * ```ts
 * import { sniff } from "@gantry/oci/codec";
 *
 * console.log(sniff(new Uint8Array([0x1f, 0x8b, 8]))); // gzip
 * ```
 */
export function sniff(head: Uint8Array): Compression {
  const starts = (...magic: number[]) => magic.every((byte, i) => head[i] === byte);
  if (starts(0x1f, 0x8b)) return "gzip";
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) return "zstd";
  // A skippable frame: pzstd begins with one.
  if (head[0]! >> 4 === 5 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18) return "zstd";
  if (starts(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)) return "xz";
  // "BZh", a level, and the first six digits of pi or of its square root: a tar may begin with a file called BZh.
  const level = head[3]!;
  const body = head.subarray(4);
  if (
    starts(0x42, 0x5a, 0x68) && level >= 0x31 && level <= 0x39 &&
    [[0x31, 0x41, 0x59, 0x26, 0x53, 0x59], [0x17, 0x72, 0x45, 0x38, 0x50, 0x90]].some((magic) =>
      magic.every((byte, i) => body[i] === byte)
    )
  ) return "bzip2";
  return "plain";
}
