import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { archive } from "../../src/archive/mod.ts";
import { emptyImage } from "../../src/image/mod.ts";
import { dockerArchiveScheme, ociArchiveScheme } from "../../src/places/archive.ts";
import { registries } from "../../src/registry/mod.ts";
import { readTar } from "../../src/tar/mod.ts";
import { collect } from "../../src/testing/collect.ts";
import { inDirectory } from "../support/directory.ts";

describe("archives as places", () => {
  for (const [scheme, hasDockers] of [[dockerArchiveScheme, true], [ociArchiveScheme, false]] as const) {
    it(`saves images as ${scheme.prefixes[0]} says, and reads them`, () =>
      inDirectory(async (directory) => {
        const place = scheme.at(join(directory, "app.tar"));
        assert.equal(await place.exists!(), false);
        const [descriptor] = await place.save!([{ image: emptyImage(), names: ["app:v1"] }], {
          registry: registries(),
        });
        assert.equal(await place.exists!(), true);
        assert.equal(place.target, undefined);
        const source = place.source({ registry: registries() });
        assert.equal((await source.resolve("app:v1")).descriptor.digest, descriptor!.digest);
        await source[Symbol.asyncDispose]!();
        const names = await collect(archive(place.path!).names());
        assert.deepEqual(names, ["app:v1"]);
        const bytes = new Blob([await readFile(place.path!)]);
        const paths = (await collect(readTar(bytes.stream()))).map(({ path }) => path);
        assert.equal(paths.includes("manifest.json"), hasDockers);
      }));
  }

  it("recognizes files, and no directories", () =>
    inDirectory(async (directory) => {
      await writeFile(join(directory, "file"), "");
      assert.equal(await dockerArchiveScheme.recognizes(join(directory, "file")), true);
      assert.equal(await dockerArchiveScheme.recognizes(directory), false);
      assert.equal(await dockerArchiveScheme.recognizes(join(directory, "nothing")), false);
    }));
});
