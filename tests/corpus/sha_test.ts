import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { type Bytes, concat } from "../../src/bytes.ts";
import { hashWasm } from "../../src/digest/hash_wasm.ts";
import { addHashEngine, type Algorithm, createHasher, digestBytes } from "../../src/digest/mod.ts";
import { hexOf } from "../../src/spec/digest.ts";
import { fixture, needsFixtures } from "../support/fixtures.ts";

interface Expected {
  algorithm: Algorithm;
  kind?: string;
  vectors: number;
}

// Each of the 100 results of a Monte Carlo test takes 1,000 hashes one after the other: the slow engines do a few.
const engines = { "node:crypto": 100, "subtle": 5, "hash-wasm": 5 };

describe("NIST's vectors", needsFixtures, () => {
  addHashEngine(hashWasm);

  for (const [engine, results] of Object.entries(engines)) {
    it(`hold for ${engine}`, async () => {
      const expected = JSON.parse(readFileSync(fixture("expected/sha.json"), "utf8")) as Record<
        string,
        Expected
      >;
      for (const [file, { algorithm, kind, vectors }] of Object.entries(expected)) {
        const text = readFileSync(fixture(file), "utf8");
        if (kind) {
          assert.equal(await chain(text, algorithm, engine, results), Math.min(results, vectors), file);
        } else assert.equal(await messages(text, algorithm, engine), vectors, file);
      }
    });
  }
});

/** The long and short messages, each in one buffer and, where the engine takes pieces, in two. */
async function messages(text: string, algorithm: Algorithm, engine: string): Promise<number> {
  let count = 0;
  for (const [, bits, message, digest] of text.matchAll(/^Len = (\d+)\r?\nMsg = (\w+)\r?\nMD = (\w+)/gm)) {
    const bytes = unhex(message!).subarray(0, Number(bits) / 8);
    assert.equal(hexOf(await digestBytes(bytes, algorithm, { engine })), digest);
    if (engine !== "subtle") assert.equal(hexOf(await inTwo(bytes, algorithm, engine)), digest);
    count++;
  }
  return count;
}

async function inTwo(bytes: Bytes, algorithm: Algorithm, engine: string) {
  const hasher = await createHasher(algorithm, { engine });
  const cut = bytes.byteLength * 0.6;
  await hasher.update(bytes.subarray(0, cut));
  await hasher.update(bytes.subarray(cut));
  return await hasher.digest();
}

/**
 * The Monte Carlo test, in which every hash is made from the three before it:
 * https://csrc.nist.gov/CSRC/media/Projects/Cryptographic-Algorithm-Validation-Program/documents/shs/SHAVS.pdf
 */
async function chain(text: string, algorithm: Algorithm, engine: string, results: number): Promise<number> {
  let seed = unhex(/^Seed = (\w+)/m.exec(text)![1]!);
  let count = 0;
  for (const [, digest] of [...text.matchAll(/^MD = (\w+)/gm)].slice(0, results)) {
    let last = [seed, seed, seed];
    for (let i = 0; i < 1000; i++) {
      const next = unhex(hexOf(await digestBytes(concat(last), algorithm, { engine })));
      last = [last[1]!, last[2]!, next];
    }
    seed = last[2]!;
    assert.deepEqual(seed, unhex(digest!));
    count++;
  }
  return count;
}

function unhex(text: string): Bytes {
  return new Uint8Array(Buffer.from(text, "hex"));
}
