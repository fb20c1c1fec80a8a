import assert from "node:assert/strict";
import { readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { GantryDirectory } from "../../src/disk/gantry_directory.ts";
import { IndexFile } from "../../src/layout/index_file.ts";
import { ListingCache } from "../../src/layout/listing_cache.ts";
import { layouts } from "../../src/layout/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { collect, inDirectory, putImage } from "./support.ts";

const entry = (i: number) => ({
  mediaType: "application/vnd.oci.image.manifest.v1+json",
  digest: `sha256:${String(i).padStart(64, "0")}`,
  size: i,
} as const);

/** Changes nothing in a file but its time: as if it had been written a while ago. */
async function age(path: string, seconds = 10): Promise<void> {
  const then = new Date(Date.now() - seconds * 1000);
  await utimes(path, then, then);
}

describe("a listing", () => {
  it("is parsed once while its file stays the same", () =>
    inDirectory(async (directory) => {
      const cache = new ListingCache();
      const open = () => new IndexFile(directory, new GantryDirectory(join(directory, ".gantry")), cache);
      await open().make(join(directory, "blobs"));
      const path = join(directory, "index.json");
      await age(path);
      const first = await open().entries();
      assert.equal(await open().entries(), first);
      await open().change(async (listing) => {
        listing.entries.push(entry(1));
        await listing.save();
      });
      // Too young to be told from what may be written next: it is looked at each time.
      const second = await open().entries();
      assert.deepEqual(second, [entry(1)]);
      assert.notEqual(await open().entries(), second);
      await age(path);
      const third = await open().entries();
      assert.equal(await open().entries(), third);
      // Another program writes into the file, as long as it was.
      await writeFile(path, (await readFile(path, "utf8")).replace('"size":1', '"size":2'));
      assert.equal((await open().entries())[0]!.size, 2);
      await writeFile(path, "{");
      await rejects(open().entries(), "invalid-document");
    }));

  it("is what was written last, whoever writes and reads it", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ writer: fc.nat(1), tag: fc.nat(2), ages: fc.boolean() }), { maxLength: 12 }),
        (steps) =>
          inDirectory(async (root) => {
            const processes = [layouts(root), layouts(root)];
            const image = [await putImage(processes[0]!("a"), "0"), await putImage(processes[0]!("a"), "1")];
            const expected = new Map<string, string>();
            for (const [i, { writer, tag, ages }] of steps.entries()) {
              const target = image[i % 2]!;
              await processes[writer]!("a").tag(`t${tag}`, target);
              expected.set(`t${tag}`, target.digest);
              if (ages) await age(join(root, "repositories", "a", "_layout", "index.json"), 10 + i);
              for (const process of processes) {
                assert.deepEqual(await collect(process("a").names()), [...expected.keys()].sort());
                for (const [name, digest] of expected) {
                  assert.equal((await process("a").resolve(name)).descriptor.digest, digest);
                }
              }
            }
          }),
      ),
      { numRuns: 5 },
    ));

  it("gives what callers may change without changing it", () =>
    inDirectory(async (root) => {
      const repository = layouts(root)("a");
      await putImage(repository, "one", { name: "v1" });
      await age(join(root, "repositories", "a", "_layout", "index.json"));
      for (let i = 0; i < 2; i++) {
        const { descriptor } = await repository.resolve("v1");
        const [root] = await collect(repository.roots());
        for (const one of [descriptor, root!]) {
          assert.deepEqual(one.annotations, { "org.opencontainers.image.ref.name": "v1" });
          delete one.annotations;
          one.size = 0;
        }
      }
    }));

  it("is not saved where it would be too large to be read, and nothing is lost", () =>
    inDirectory(async (directory) => {
      const state = new GantryDirectory(join(directory, ".gantry"));
      const index = new IndexFile(directory, state, new ListingCache(), 1000);
      await index.make(join(directory, "blobs"));
      const add = (i: number) =>
        index.change(async (listing) => {
          listing.entries.push(entry(i));
          await listing.save();
        });
      let count = 0;
      await rejects(
        (async () => {
          for (;; count++) await add(count);
        })(),
        "too-large",
        /write ".*index\.json": it would have 1\d\d\d bytes, the limit is 1000: delete names/,
      );
      assert.ok(count > 3);
      assert.equal((await index.entries()).length, count);
      await index.change(async (listing) => {
        listing.entries.pop();
        await listing.save();
      });
      await add(count);
      assert.equal((await index.entries()).length, count);
    }));
});
