/** Every layer among the fixtures lists as is written down for it, packed or not, and is no image. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { archive } from "../../src/archive/mod.ts";
import { concat } from "../../src/bytes.ts";
import { decompress, sniff, sniffLength } from "../../src/codec/mod.ts";
import { digesting } from "../../src/digest/mod.ts";
import { GantryError } from "../../src/errors.ts";
import { layout } from "../../src/layout/mod.ts";
import type { Digest } from "../../src/spec/mod.ts";
import { readTar } from "../../src/tar/mod.ts";
import { fixture, haveFixtures, needsFixtures } from "../support/fixtures.ts";
import { all, chunked, written } from "../tar/tools.ts";
import { answers, type Listed, listed } from "./listings.ts";

interface Expected {
  compression: string;
  list: Listed[];
  diff_id?: Digest;
  uncompressed_size?: number;
}

const expected: Record<string, Expected> = haveFixtures
  ? JSON.parse(readFileSync(fixture("expected/layers.json"), "utf8"))
  : {};
const paths = Object.keys(expected);

/** It unpacks to a thousand times its size. */
const bomb = "layers/notation-large_file_tarGz.tar.gz";

describe("corpus of layers", needsFixtures, () => {
  for (const path of paths) {
    const { compression, list, diff_id, uncompressed_size } = expected[path]!;

    it(`lists ${path}`, async () => {
      const bytes = readFileSync(fixture(path));
      assert.equal(sniff(bytes.subarray(0, sniffLength)), compression === "none" ? "plain" : compression);
      const { stream, result } = digesting();
      const found: Listed[] = [];
      const tar = chunked(bytes).pipeThrough(decompress({ what: path })).pipeThrough(stream);
      for await (const entry of readTar(tar)) found.push(await listed(entry));
      assert.deepEqual(found, answers(list));
      const { digest, size } = await result;
      if (diff_id === undefined) assert.equal(size, bytes.length);
      else assert.deepEqual([digest, size], [diff_id, uncompressed_size]);
    });
  }

  it("writes back byte for byte what is not changed", async () => {
    for (const path of paths.filter((path) => path !== bomb)) {
      const tar = await all(chunked(readFileSync(fixture(path))).pipeThrough(decompress()));
      const copy = await written(readTar(chunked(tar)));
      const content = copy.subarray(0, copy.length - 1024);
      const missing = new Uint8Array(Math.max(0, content.length - tar.length));
      assert.ok(Buffer.from(content).equals(concat([tar.subarray(0, content.length), missing])), path);
    }
  });

  it("stops at a limit where little becomes much", async () => {
    let given = 0;
    const tar = chunked(readFileSync(fixture(bomb))).pipeThrough(decompress({ limits: { output: 1e8 } }));
    const counting = new WritableStream<Uint8Array>({ write: (chunk) => void (given += chunk.byteLength) });
    await assert.rejects(tar.pipeTo(counting), (error) => GantryError.is(error, "too-large"));
    assert.ok(given <= 1e8);
  });

  it("takes none of them for an archive", async () => {
    for (const path of paths.filter((path) => path !== bomb)) {
      const there = archive(fixture(path));
      const words = /neither manifest\.json.* nor index\.json|before 1\.10/;
      await assert.rejects(there.resolve("@0"), (error: Error) => words.test(error.message), path);
      await there.close();
    }
  });
});

describe("skopeo's dir: images", needsFixtures, () => {
  for (const name of ["libimage-scratch-dir", "skopeo-uncompressed-s2"]) {
    it(`are no layouts and no archives: ${name}`, async () => {
      const path = fixture(`dir-images/${name}`);
      await assert.rejects(layout(path).resolve("v1"), /no index\.json$/);
      await assert.rejects(archive(path).resolve("@0"), /a directory/);
    });
  }
});
