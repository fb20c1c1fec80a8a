/**
 * The peak memory of unpacking a layer of 1 GB that hardly compresses, and of refusing a bomb of 1 GB, both gzip, against
 * an idle process of the same runtime with the same modules, or one that only decompresses the first. Linux only.
 *
 *     deno run -A tests/memory/unpack.ts [RUNTIME…]
 */

import { createWriteStream } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { createGzip } from "node:zlib";
import { type Bytes, chunksOf } from "../../src/bytes.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { writeTar } from "../../src/tar/mod.ts";
import { inDirectory } from "../support/directory.ts";
import { limit, peak, runtimes } from "./peak.ts";

const size = 1024 ** 3;
/** What refusing a bomb may take, whatever the runtime takes for itself, in bytes. */
const bombLimit = 150e6;
const child = fileURLToPath(new URL("./unpack_child.ts", import.meta.url));

/** Writes the tar of a file of pieces that are all the same, compressed. */
async function write(path: string, piece: Bytes, level: number): Promise<void> {
  let left = size / piece.byteLength;
  const readable = new ReadableStream<Bytes>({
    pull: (controller) => left-- > 0 ? controller.enqueue(piece.slice()) : controller.close(),
  }, { highWaterMark: 0 });
  const tar = writeTar([{ type: "file", path: "large", size, readable }]);
  await pipeline(Readable.from(chunksOf(tar)), createGzip({ level }), createWriteStream(path));
}

let failed = 0;
await inDirectory(async (directory) => {
  const [large, bomb] = [join(directory, "large.tar.gz"), join(directory, "bomb.tar.gz")];
  await write(large, randomBytes(1024 * 1024), 1);
  await write(bomb, new Uint8Array(1024 * 1024), 9);
  console.log(
    "runtime     idle    read   large    bomb   (MB at the peak; the limit is 60 MB over read, 150 MB for the bomb)",
  );
  for (const runtime of runtimes()) {
    const idle = await peak(runtime, child, "idle");
    const read = await peak(runtime, child, "read", large);
    const used = [await peak(runtime, child, "unpack", large), await peak(runtime, child, "bomb", bomb)];
    failed += used.filter((bytes) => bytes > Math.max(idle, read) + limit).length;
    if (used[1]! > bombLimit) failed++;
    console.log(
      runtime.padEnd(8),
      ...[idle, read, ...used].map((bytes) => (bytes / 1e6).toFixed(0).padStart(7)),
    );
  }
});
process.exitCode = failed ? 1 : 0;
