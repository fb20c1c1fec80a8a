/** A bucket as Cloudflare's serverless-registry writes it, and what must come of it. */

import assert from "node:assert/strict";
import { utf8 } from "../../src/bytes.ts";
import { memory } from "../../src/content/memory.ts";
import { copy } from "../../src/copy/mod.ts";
import { emptyImage, layer, openRoot, walk } from "../../src/image/mod.ts";
import type { Bucket } from "../../src/objects/mod.ts";
import { objects, serverlessRegistry, takeOverServerlessRegistry } from "../../src/objects/mod.ts";
import { readVerified } from "../../src/content/read.ts";
import type { Digest } from "../../src/spec/digest.ts";
import { collect } from "../../src/testing/collect.ts";
import { randomBytes } from "../../src/testing/content.ts";
import { rejects } from "../../src/testing/errors.ts";
import { contentOf, putIndex } from "../layout/support.ts";

/** Images as they were pushed there. */
export interface Written {
  readonly tags: Record<string, Digest>;
  readonly mounted: Digest;
  readonly lost: Digest;
}

/** Writes two repositories: an index, an image whose layers were mounted, and one of which a blob is lost. */
export async function writeServerless(bucket: Bucket): Promise<Written> {
  const tags: Record<string, Digest> = {};
  const push = async (
    repository: string,
    seed: number,
    tag?: string,
    mountedFrom?: string,
    lose?: boolean,
  ) => {
    const source = memory();
    const image = emptyImage({ os: "linux", architecture: "amd64" })
      .append(layer(randomBytes(40_000, seed), { compression: "none" }));
    const { descriptor } = await copy(image, source, { name: "v1" });
    for await (const { content, part } of walk(await openRoot(source, "v1"))) {
      const digest = content.digest!;
      const bytes = new Uint8Array(await new Response(await content.open()).arrayBuffer());
      if (part.role === "manifest") {
        await bucket.put(`${repository}/manifests/${digest}`, bytes);
        if (tag) await bucket.put(`${repository}/manifests/${tag}`, bytes);
      } else if (mountedFrom) {
        await bucket.put(`${repository}/blobs/${digest}`, utf8(`${mountedFrom}/blobs/${digest}`));
      } else if (!lose || content.size! < 10_000) await bucket.put(`${repository}/blobs/${digest}`, bytes);
    }
    if (tag) tags[`${repository}:${tag}`] = descriptor.digest;
    return descriptor;
  };
  const one = await push("acme/app", 1, "v1");
  const two = await push("acme/app", 2);
  const there = memory();
  const index = await putIndex(there, [one, two], { name: "all" });
  const { document } = await there.resolve("all", { document: true });
  for (const name of ["all", index.digest]) await bucket.put(`acme/app/manifests/${name}`, document!);
  tags["acme/app:all"] = index.digest;
  const mounted = await push("acme/app/nested", 1, "latest", "acme/app");
  await push("acme/other", 1, "again", "acme/app/nested");
  const lost = await push("broken", 9, "v9", undefined, true);
  // What else it leaves in a bucket.
  await bucket.put("acme/app/uploads/6cbb9b93-8c3c-4c4c-a1c8-0b8f6a4ec3b5", utf8('{"jwt":"x.y.z"}'));
  await bucket.put("acme/app/gc/marker", utf8("1"));
  await bucket.put(`acme/app/_referrers/${one.digest}/${two.digest}`, utf8(""));
  await bucket.put("6cbb9b93-8c3c-4c4c-a1c8-0b8f6a4ec3b5", randomBytes(100));
  delete tags["broken:v9"];
  return { tags, mounted: mounted.digest, lost: lost.digest };
}

/** It is read where it is, and taken over whole, once. */
export async function checkServerless(bucket: Bucket): Promise<void> {
  const { tags, mounted, lost } = await writeServerless(bucket);
  const registry = serverlessRegistry(bucket);
  assert.deepEqual(await collect(registry("acme/app").names()), ["all", "v1"]);
  assert.equal((await collect(registry("acme/app").roots())).length, 3);
  await rejects(registry("acme/app").resolve("none"), "not-found");
  await rejects(registry("acme/app").resolve(mounted, { role: "blob" }), "not-found");
  for (const [name, digest] of Object.entries(tags)) {
    const [repository, tag] = name.split(":") as [string, string];
    const copied = await copy(await openRoot(registry(repository), tag), memory(), { name: tag });
    assert.equal(copied.descriptor.digest, digest);
  }
  const wrong = await contentOf(utf8("{}"));
  await bucket.put(`acme/app/manifests/sha256:${"0".repeat(64)}`, utf8("{}"));
  await rejects(registry("acme/app").resolve(`sha256:${"0".repeat(64)}`), "digest-mismatch");
  assert.ok(wrong.digest);

  const before = (await collect(registry.manifests())).length;
  const left: string[] = [];
  const take = () =>
    takeOverServerlessRegistry({ bucket, prefix: "registry", onMissing: (line) => left.push(line) });
  const first = await take();
  assert.deepEqual({ ...first, bytes: 0 }, { manifests: 6, tags: 5, blobs: 5, bytes: 0 });
  assert.equal(left.filter((line) => /broken: the blob/.test(line)).length, 2);
  assert.equal(left.filter((line) => /left behind: acme\/app sha256:0/.test(line)).length, 1);
  const open = objects({ bucket, prefix: "registry" });
  for (const [name, digest] of Object.entries(tags)) {
    const [repository, tag] = name.split(":") as [string, string];
    const target = open(repository);
    assert.equal((await target.resolve(tag)).descriptor.digest, digest);
    for await (const { content, part } of walk(await openRoot(target, tag))) {
      const address = { digest: content.digest!, size: content.size! };
      await (await readVerified(target, address, { role: part.role })).pipeTo(new WritableStream());
    }
  }
  assert.equal((await open("broken").resolve("v9")).descriptor.digest, lost);
  assert.deepEqual(await collect(open.repositories()), [
    "acme/app",
    "acme/app/nested",
    "acme/other",
    "broken",
  ]);
  // Once more: nothing is copied twice, and what is there was only read.
  assert.deepEqual(await take(), { manifests: 0, tags: 5, blobs: 0, bytes: 0 });
  assert.equal((await collect(registry.manifests())).length, before);
  assert.deepEqual((await bucket.list({ prefix: "registry/uploads/" })).objects, []);
}
