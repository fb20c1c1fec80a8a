import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage } from "../../src/image/mod.ts";
import { ociScheme } from "../../src/places/oci.ts";
import { registries } from "../../src/registry/mod.ts";
import { inDirectory } from "../support/directory.ts";

describe("layouts as places", () => {
  it("are written and read, and recognized once they are there", () =>
    inDirectory(async (directory) => {
      const clients = { registry: registries() };
      const place = ociScheme.at(join(directory, "images"), "v1");
      assert.equal(await ociScheme.recognizes(place.path!), false);
      const { descriptor } = await copy(emptyImage(), place.target!(clients), { name: place.name });
      assert.equal(await ociScheme.recognizes(place.path!), true);
      assert.equal((await place.source(clients).resolve("v1")).descriptor.digest, descriptor.digest);
      assert.equal(place.save, undefined);
    }));

  it("are recognized by either of their files", () =>
    inDirectory(async (directory) => {
      for (const name of ["oci-layout", "index.json"]) {
        const layout = join(directory, `with-${name}`);
        await mkdir(layout);
        assert.equal(await ociScheme.recognizes(layout), false);
        await writeFile(join(layout, name), "{}");
        assert.equal(await ociScheme.recognizes(layout), true);
      }
    }));
});
