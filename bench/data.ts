/** What the codecs are raced on, and against. */

import { spawnSync } from "node:child_process";
import { readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Bytes, concat } from "../src/bytes.ts";
import { fixture, haveFixtures } from "../tests/support/fixtures.ts";

/** The first part of a tar of /usr, in slices of 64 KiB from all over it: programs, libraries, texts, images. */
export function mixed(wanted: number): Bytes {
  const script = `find /usr/lib /usr/share /usr/bin -type f -size +4k -size -4096k -print0 | sort -z |
    awk 'BEGIN { RS = ORS = "\\0" } NR % 11 == 0' | tar -cf - --null -T - 2>/dev/null | head -c ${wanted}`;
  const { stdout } = spawnSync("sh", ["-c", script], { maxBuffer: 2 * wanted });
  return new Uint8Array(stdout);
}

/** The tars of real layers beside the checkout, one after the other: of programs and of distributions. */
export function layers(): Bytes | undefined {
  if (!haveFixtures) return undefined;
  const blobs = [
    "layers/rust-oci-client-blob.tar.gz",
    "oci-layouts/notation-go/blobs/sha256/63b65145d645c1250c391b2d16ebe53b3747c295ca8ba2fcb6b0cf064a4dc21c",
    "oci-layouts/apple-ext4-content/blobs/sha256/c6b39de5b33961661dc939b997cc1d30cda01e38005a6c6625fd9c7e748bab44",
  ];
  const exported = readFileSync(fixture("layers/libimage-exported-container.tar"));
  return concat([exported, ...blobs.map((path) => gunzipSync(readFileSync(fixture(path))))]);
}

/** A stream of the bytes in pieces of 64 KiB, each of which is a copy, as of a file. */
export function streamed(bytes: Bytes, piece = 65536): ReadableStream<Bytes> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.byteLength) return controller.close();
      controller.enqueue(bytes.slice(at, at += piece));
    },
  }, { highWaterMark: 0 });
}

/** Reads to the end; tells how much there was. */
export async function drained(stream: ReadableStream<Uint8Array>): Promise<number> {
  let length = 0;
  for (const reader = stream.getReader();;) {
    const { done, value } = await reader.read();
    if (done) return length;
    length += value.byteLength;
  }
}

/** A program of others, which reads a file: Deno hangs where much goes in and out of a process at once. */
export function program(name: string, args: string[], input: Bytes): Uint8Array {
  const file = join(tmpdir(), "gantry-bench.tar");
  writeFileSync(file, input);
  const { stdout } = spawnSync(name, [...args, file], { maxBuffer: 2 * input.byteLength });
  unlinkSync(file);
  return stdout;
}
/** Whether there is such a program. */
export const has = (name: string): boolean => spawnSync("which", [name]).status === 0;
