import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { registries } from "../../src/registry/mod.ts";
import { collect } from "../../src/testing/collect.ts";
import { rejects } from "../../src/testing/errors.ts";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;

/** A registry that lists what is below a repository, as Google's do; a child that leads back to it is only named. */
function google() {
  const lists: Record<string, unknown> = {
    "top": {
      child: ["b", "a", "../x", 7],
      tags: ["v2", "v1"],
      manifest: {
        [digest("2")]: { tag: ["v2", "v1"], imageSizeBytes: "7" },
        [digest("1")]: { tag: [] },
        "sha256:short": { tag: ["v3"] },
      },
    },
    "top/a": { child: [], tags: [], manifest: {} },
    "top/b": { child: ["c"], tags: null },
    "top/b/c": { tags: ["deep"] },
  };
  return registries({
    transport: ({ url }) => {
      const [, repository] = /\/v2\/(.+)\/tags\/list/.exec(new URL(url).pathname)!;
      const found = lists[repository!];
      return Promise.resolve(found ? Response.json(found) : Response.json({}, { status: 404 }));
    },
  });
}

describe("what is below a repository", () => {
  it("is listed as Google's registries tell it, breadth first", async () => {
    const found = await collect(google().below("gcr.test/top"));
    assert.deepEqual(found.map(({ repository }) => repository), [
      "gcr.test/top",
      "gcr.test/top/a",
      "gcr.test/top/b",
      "gcr.test/top/b/c",
    ]);
    assert.deepEqual([...found[0]!.manifests!], [[digest("1"), []], [digest("2"), ["v1", "v2"]]]);
    assert.deepEqual(found[0]!.tags, ["v1", "v2"]);
    assert.equal(found[3]!.manifests, undefined);
  });

  it("is an error where the repository is not there", () =>
    rejects(collect(google().below("gcr.test/none")), "not-found", /gcr\.test\/none/));
});
