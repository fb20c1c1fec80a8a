import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { objects } from "../../src/objects/mod.ts";
import { SimulatedBucket } from "./simulated_bucket.ts";

const name = fc.stringMatching(/^[ab0]([-._]?[ab0]){0,2}(\/[ab0]([-.][ab0])?){0,2}$/);

/** A bucket in which repositories have a manifest each, and that gives its keys in short pages. */
function bucketOf(names: readonly string[]): SimulatedBucket {
  const bucket = new SimulatedBucket(1);
  for (const name of names) {
    for (const kind of ["blobs", "manifests", "tags"]) {
      const entry = { bytes: new Uint8Array(1), etag: name, modified: bucket.time };
      bucket.objects.set(`registry/repositories/${name}/_${kind}/sha256/0`, entry);
    }
  }
  const list = bucket.list.bind(bucket);
  bucket.list = (options) => list({ limit: 2, ...options });
  return bucket;
}

async function listed(bucket: SimulatedBucket, after?: string): Promise<string[]> {
  const found: string[] = [];
  const repositories = objects({ bucket, prefix: "registry" }).repositories({ after });
  await bucket.run(
    (async () => {
      for await (const name of repositories) found.push(name);
    })(),
    1,
  );
  return found;
}

describe("repositories of a bucket", () => {
  it("are listed in the order of their bytes, from any of them on", () =>
    fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { maxLength: 12 }), fc.option(name), async (names, after) => {
        const wanted = names.filter((name) => after === null || name > after).sort();
        assert.deepEqual(await listed(bucketOf(names), after ?? undefined), wanted);
      }),
      { numRuns: 200 },
    ));

  it("tell the tags behind one without a look at those before", async () => {
    const bucket = new SimulatedBucket(1);
    const entry = { bytes: new Uint8Array(1), etag: "1", modified: bucket.time };
    for (let n = 100; n < 200; n++) bucket.objects.set(`repositories/acme/app/_tags/v${n}`, entry);
    const found: string[] = [];
    const target = objects({ bucket })("acme/app");
    await bucket.run(
      (async () => {
        for await (const tag of target.names({ after: "v197" })) found.push(tag);
      })(),
      1,
    );
    assert.deepEqual([target.ordered, found, bucket.requests], [true, ["v198", "v199"], 1]);
  });

  it("are not all looked at for those behind one", async () => {
    const bucket = bucketOf(Array.from({ length: 100 }, (_, n) => `acme/app${100 + n}`));
    assert.deepEqual(await listed(bucket, "acme/app197"), ["acme/app198", "acme/app199"]);
    assert.ok(bucket.requests < 15, String(bucket.requests));
  });
});
