import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memory } from "../../../src/content/mod.ts";
import { copy } from "../../../src/copy/mod.ts";
import {
  addManifest,
  artifact,
  emptyImage,
  emptyIndex,
  type Index,
  selectPlatforms,
  sparse,
} from "../../../src/image/mod.ts";
import type { Digest, Platform } from "../../../src/spec/mod.ts";
import { rejects } from "../../../src/testing/errors.ts";

const [amd64, arm64, s390x] = ["amd64", "arm64", "s390x"].map((architecture) => ({
  os: "linux",
  architecture,
})) as [
  Platform,
  Platform,
  Platform,
];

/** An index as BuildKit makes it: images, and beside each what is attested of it. */
async function built(platforms: readonly Platform[]): Promise<Index> {
  let index = emptyIndex();
  for (const platform of platforms) index = index.edit(addManifest(emptyImage(platform), { platform }));
  for (const platform of platforms) {
    const attested = artifact("application/vnd.in-toto+json", { annotations: { of: platform.architecture } });
    const annotations = {
      "vnd.docker.reference.type": "attestation-manifest",
      "vnd.docker.reference.digest": await emptyImage(platform).digest(),
    };
    index = index.edit(
      addManifest(attested, { platform: { os: "unknown", architecture: "unknown" }, annotations }),
    );
  }
  return index;
}

/** The architectures of images, and those that something is attested of. */
async function names(index: Index): Promise<string[]> {
  const found: string[] = [];
  for (const { part, platform, annotations } of await index.entries()) {
    const subject = annotations?.["vnd.docker.reference.digest"];
    if ("children" in part && "entries" in part) found.push(`(${(await names(part as Index)).join(" ")})`);
    else if (!subject) found.push(platform!.architecture);
    else {
      const of = [amd64, arm64, s390x];
      const digests: Digest[] = await Promise.all(of.map((one) => emptyImage(one).digest()));
      found.push(`about ${of[digests.indexOf(subject as Digest)]!.architecture}`);
    }
  }
  return found;
}

describe("selecting platforms of an index", () => {
  it("keeps their images, and what is attested of these", async () => {
    const index = await built([amd64, arm64, s390x]);
    const selected = index.edit(selectPlatforms([arm64, amd64]));
    assert.deepEqual(await names(selected), ["amd64", "arm64", "about amd64", "about arm64"]);
    assert.deepEqual(await names(index.edit(selectPlatforms([s390x]))), ["s390x", "about s390x"]);
    await rejects(index.edit(selectPlatforms([{ os: "plan9", architecture: "mips" }])).digest(), "not-found");
  });

  it("looks into indexes in it", async () => {
    const nested = emptyIndex().edit(addManifest(await built([amd64, s390x]))).edit(
      addManifest(await built([arm64])),
    );
    assert.deepEqual(await names(nested.edit(selectPlatforms([amd64]))), ["(amd64 about amd64)"]);
  });

  it("may leave the index whole", async () => {
    const index = emptyIndex().edit(addManifest(await built([amd64, s390x])));
    const to = memory();
    const { descriptor } = await copy(sparse(index, [amd64]), to, { name: "v1" });
    assert.equal(descriptor.digest, await index.digest());
    const has = async (platform: Platform) =>
      await to.resolve(await emptyImage(platform).digest()).then(() => true, () => false);
    assert.deepEqual([await has(amd64), await has(s390x)], [true, false]);
    const [inner] = await index.children();
    await to.resolve((await inner!.content()).digest!);
  });
});
