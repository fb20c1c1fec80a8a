import type { Bytes } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import type { Input } from "./pipe.ts";

/** How far decompression goes; the defaults let every real layer through. */
export interface Limits {
  /** Most bytes that may come out; 256 GiB unless told. */
  output?: number | undefined;
  /** Most bytes out for a byte in; 250 unless told. The input counts as 2 MiB at least, so that small files of zeros pass. */
  ratio?: number | undefined;
  /** Largest zstd window in bytes, which is memory that the decoder takes; 64 MiB unless told. */
  window?: number | undefined;
}

const leastInput = 2 * 1024 ** 2;

/** Lets output pass until it is more than the limits allow. */
export async function* limited(
  output: AsyncIterable<Bytes>,
  input: Input,
  work: string,
  { output: most = 256 * 1024 ** 3, ratio = 250 }: Limits,
): AsyncGenerator<Bytes, void, void> {
  let length = 0;
  for await (const chunk of output) {
    length += chunk.byteLength;
    if (length > most) throw new GantryError("too-large", `${work}: more than ${most} bytes`);
    if (length > ratio * Math.max(input.offset, leastInput)) {
      throw new GantryError("too-large", `${work}: more than ${ratio} times its compressed size`);
    }
    if (chunk.byteLength > 0) yield chunk;
  }
}
