import type { Bytes } from "../bytes.ts";
import { gunzip } from "./web_gunzip.ts";
import type { CodecEngine } from "./engine.ts";
import { Decoder } from "./web_decoder.ts";

/** What the platform itself has, for runtimes without node:zlib: gzip in all, zstd in some. */
export const webStreams: readonly CodecEngine[] = [
  { name: "DecompressionStream", work: "gunzip", available: () => Decoder.takes("gzip"), run: gunzip },
  {
    name: "DecompressionStream",
    work: "unzstd",
    // What zstd itself allows unless told.
    window: 128 * 1024 ** 2,
    available: () => Decoder.takes("zstd"),
    run: unzstd,
  },
];

// A block of four bytes becomes 128 KiB.
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
