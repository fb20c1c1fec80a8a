import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventOf } from "../../../src/server/mod.ts";
import { mediaTypes } from "../../../src/spec/mod.ts";
import { digest, observed, pushed } from "./support.ts";

describe("events of a registry", () => {
  it("tell of pushes, pulls, mounts and deletions", async () => {
    const { ask, served } = observed();
    await pushed(ask);
    await ask("POST", `b/blobs/uploads/?mount=${digest}&from=a`);
    await ask("GET", "a/manifests/v1");
    await ask("HEAD", "a/manifests/v1");
    await ask("DELETE", "a/manifests/v1");
    await ask("DELETE", `b/blobs/${digest}`);
    await ask("GET", "a/tags/list");
    const events = served.flatMap((one) => eventOf(one) ?? []);
    assert.deepEqual(events.map(({ action, target }) => [action, target.repository, target.tag]), [
      ["push", "a", undefined],
      ["push", "a", "v1"],
      ["mount", "b", undefined],
      ["pull", "a", "v1"],
      ["delete", "a", "v1"],
      ["delete", "b", undefined],
    ]);
    assert.equal(events[2]!.target.fromRepository, "a");
    assert.equal(events[0]!.target.digest, digest);
    assert.equal(events[3]!.target.mediaType, mediaTypes.ociManifest);
  });
});
