import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import type { ByteReader } from "./byte_reader.ts";

/** How far decompression goes; the defaults let every real layer through. */
export interface DecodeLimits {
  /** Most bytes that may come out. Default: 256 GiB. */
  output?: number | undefined;
  /** Most bytes out for a byte in. The input counts as 2 MiB at least, so that small files of zeros pass. Default: 250. */
  ratio?: number | undefined;
  /** Largest zstd window in bytes, which is memory that the decoder takes. Default: 64 MiB. */
  window?: number | undefined;
}

/** In bytes: what a smaller input counts as, for the ratio. */
const leastInput = 2 * 1024 ** 2;

/** The output, which fails with `too-large` once it is more than the limits allow. */
export async function* withinLimits(
  output: AsyncIterable<Bytes>,
  input: ByteReader,
  task: string,
  { output: most = 256 * 1024 ** 3, ratio = 250 }: DecodeLimits,
): AsyncGenerator<Bytes, void, void> {
  let length = 0;
  for await (const chunk of output) {
    length += chunk.byteLength;
    if (length > most) throw new GantryError("too-large", `${task}: more than ${most} bytes`);
    if (length > ratio * Math.max(input.offset, leastInput)) {
      throw new GantryError("too-large", `${task}: more than ${ratio} times its compressed size`);
    }
    if (chunk.byteLength > 0) yield chunk;
  }
}
