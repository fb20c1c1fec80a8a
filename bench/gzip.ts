/** Speed and size of gzip, and speed of gunzip: `deno run -A bench/gzip.ts`, `bun bench/gzip.ts`. */

import process from "node:process";
import { gzipSync as fflate } from "fflate";
import { gzip as pako } from "pako";
import type { Bytes } from "../src/bytes.ts";
import { type EncodeOptions, gunzip, gzip } from "../src/codec/mod.ts";
import { drained, has, layers, mixed, program, streamed } from "./data.ts";
import { type Contest, race } from "./run.ts";

type Level = 1 | 6 | 9;
const levels: readonly Level[] = [1, 6, 9];
const raced = levels.filter((level) => level < 9); // Nine is for size.
const data = { "mixed tar of /usr": mixed(24_000_000), "real layers": layers() };

const through = (bytes: Bytes, stream: () => TransformStream<Bytes, Bytes>) => async () =>
  void await drained(streamed(bytes).pipeThrough(stream()));
const ours = (bytes: Bytes, options: EncodeOptions) => through(bytes, () => gzip(options));

function rivals(bytes: Bytes, level: Level): Contest["rivals"] {
  const found: Contest["rivals"] = {
    "node:zlib": { run: ours(bytes, { engine: "node:zlib", level }), bar: level === 1 ? 1.1 : 1.25 },
    fflate: { run: () => Promise.resolve(void fflate(bytes, { level })) },
    pako: { run: () => Promise.resolve(void pako(bytes, { level })) },
  };
  if (level === 6) {
    const make = () => new CompressionStream("gzip") as unknown as TransformStream<Bytes, Bytes>;
    found["CompressionStream"] = { run: through(bytes, make) };
  }
  for (const name of ["gzip", "pigz"].filter(has)) {
    found[`${name} program`] = { run: () => Promise.resolve(void program(name, [`-${level}c`], bytes)) };
  }
  return found;
}

for (const [name, bytes] of Object.entries(data)) {
  if (!bytes) continue;
  console.log(`### gzip sizes, ${name}, ${bytes.byteLength} bytes: Gantry's to the other's\n`);
  console.log(
    "| level | Gantry | ÷ gzip program | ÷ node:zlib | ÷ fflate | ÷ pako |\n|---|---|---|---|---|---|",
  );
  for (const level of levels) {
    const own = await drained(streamed(bytes).pipeThrough(gzip({ level })));
    const others = [
      program("gzip", [`-${level}nc`], bytes).byteLength,
      await drained(streamed(bytes).pipeThrough(gzip({ engine: "node:zlib", level }))),
      fflate(bytes, { level }).byteLength,
      pako(bytes, { level }).byteLength,
    ];
    console.log(`| ${[level, own, ...others.map((other) => (own / other).toFixed(4))].join(" | ")} |`);
  }
  console.log();
  const contests = raced.map((level): Contest => ({
    job: `level ${level}`,
    bytes: bytes.byteLength,
    gantry: ours(bytes, { level }),
    rivals: rivals(bytes, level),
  }));
  await race(`gzip, ${name}`, contests, 7);
  const packed = new Uint8Array(await new Response(streamed(bytes).pipeThrough(gzip())).arrayBuffer());
  const web = () => new DecompressionStream("gzip") as unknown as TransformStream<Bytes, Bytes>;
  await race(`gunzip, ${name}`, [{
    job: "gunzip()",
    bytes: bytes.byteLength,
    gantry: through(packed, () => gunzip()),
    rivals: {
      "node:zlib, chunkSize 256 KiB": { run: through(packed, () => gunzip({ engine: "node:zlib" })), bar: 1 },
      DecompressionStream: { run: through(packed, web), bar: "deno" in process.versions ? 1.4 : 0 },
    },
  }], 7);
}

const large = mixed(48_000_000);
await race(
  "gzip, 48 MB of the mixed tar, threads",
  raced.map((level): Contest => ({
    job: `level ${level}, 2 workers`,
    bytes: large.byteLength,
    gantry: ours(large, { level, workers: 2 }),
    rivals: { "1 worker": { run: ours(large, { level }), bar: 1.8 } },
  })),
  7,
);
