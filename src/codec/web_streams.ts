import type { Bytes } from "../bytes.ts";
import { gunzip } from "./web_gunzip.ts";
import type { CodecEngine } from "./engine.ts";
import { Decoder } from "./web_decoder.ts";

/** The decompression streams of the Web platform, for runtimes without node:zlib: gzip in all, zstd in some. */
export const webStreams: readonly CodecEngine[] = [
  { name: "DecompressionStream", work: "gunzip", available: () => Decoder.takes("gzip"), run: gunzip },
  {
    name: "DecompressionStream",
    work: "unzstd",
    // The default of zstd itself.
    window: 128 * 1024 ** 2,
    available: () => Decoder.takes("zstd"),
    run: unzstd,
  },
];

/** Bytes that go into the decoder at once: a block of four bytes may give 128 KiB. */
const zstdSlice = 1024;

async function* unzstd(frame: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void, void> {
  const decoder = new Decoder("zstd", zstdSlice);
  try {
    for await (const chunk of frame) yield* decoder.write(chunk);
    yield* decoder.close();
  } finally {
    decoder.abort();
  }
}
