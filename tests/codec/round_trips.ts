/**
 * Round trips of random data between the WASM core and node:zlib, and broken input, as often as one likes:
 *
 *     deno task fuzz --count 100000
 */

import assert from "node:assert/strict";
import process from "node:process";
import { deflateRawSync, gunzipSync, gzipSync, inflateRawSync } from "node:zlib";
import { loadCore } from "../../wasm/core.ts";
import { Deflater, DICTIONARY_SIZE, type Level } from "../../wasm/deflater.ts";
import { InflateError, Inflater } from "../../wasm/inflater.ts";
import { gunzip, gzip } from "../../src/codec/mod.ts";
import { outcome, through } from "../support/streams.ts";
import { random, sample } from "../wasm/cores.ts";

const most = 1 << 21;

function inflated(inflater: Inflater, bytes: Uint8Array): Uint8Array {
  inflater.reset();
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (let at = 0; at < bytes.byteLength && !inflater.done; at += 65536) {
    inflater.push(bytes.subarray(at, at + 65536));
    for (let piece = inflater.read(); piece; piece = inflater.read()) {
      pieces.push(piece);
      if ((length += piece.byteLength) > most) return Buffer.concat(pieces);
    }
  }
  return Buffer.concat(pieces);
}

/** One of each; the same for the same seed. */
export async function roundTrip(inflater: Inflater, deflater: Deflater, seed: number): Promise<void> {
  const next = random(seed);
  const content = sample(next(5), next(next(20) === 0 ? 200_000 : 3000), seed);
  const level = ([1, 6, 9] as Level[])[next(3)]!;
  const cut = Math.min(next(content.byteLength + 1), DICTIONARY_SIZE);
  const [head, tail] = [content.subarray(0, cut), content.subarray(cut)];
  const parts = [
    deflater.deflate(head, { level }).bytes,
    deflater.deflate(tail, { level, dictionary: head, final: true }).bytes,
  ];
  const joined = Buffer.concat(parts);
  assert.deepEqual(new Uint8Array(inflateRawSync(joined)), content, `deflate, seed ${seed}`);
  const packed = new Uint8Array(
    deflateRawSync(content, { level: next(10), strategy: next(4), memLevel: 1 + next(9) }),
  );
  assert.deepEqual(new Uint8Array(inflated(inflater, packed)), content, `inflate, seed ${seed}`);
  const broken = packed.slice(0, 1 + next(packed.byteLength));
  for (let n = next(4); n >= 0; n--) broken[next(broken.byteLength)]! ^= 1 << next(8);
  try {
    inflated(inflater, broken);
  } catch (error) {
    if (!(error instanceof InflateError)) throw error;
    // It leaves no instance unusable.
  }
  if (seed % 10 !== 0) return;
  const whole = await through(content, gzip({ level }), 1 + next(9999));
  assert.deepEqual(new Uint8Array(gunzipSync(whole)), content, `gzip, seed ${seed}`);
  const member = new Uint8Array(gzipSync(content, { level: next(10) }));
  const piece = 1 + next(9999);
  assert.deepEqual(await through(member, gunzip({ engine: "wasm" }), piece), content, `gunzip, seed ${seed}`);
  member[next(member.byteLength)]! ^= 1 << next(8);
  const result = await outcome(through(member, gunzip({ engine: "wasm" }), piece));
  // Times and names in a header are nobody's business.
  if (result !== "invalid-archive") assert.deepEqual(result, content, `broken gzip, seed ${seed}`);
}

/** So many, of different seeds. */
export async function roundTrips(count: number, first = 1): Promise<void> {
  const core = await loadCore();
  const inflater = new Inflater(core), deflater = new Deflater(core);
  for (let seed = first; seed < first + count; seed++) await roundTrip(inflater, deflater, seed);
}

const at = process.argv.indexOf("--count");
if (at > 0) {
  const count = Number(process.argv[at + 1]);
  await roundTrips(count);
  console.log(`${count} round trips each way`);
}
