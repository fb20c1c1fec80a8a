import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { progressLines } from "../../../src/cli/support/progress.ts";
import { copy } from "../../../src/copy/mod.ts";
import { type Descriptor, mediaTypes } from "../../../src/spec/mod.ts";
import { imageOf, withRegistry } from "../gantry.ts";

const digest = `sha256:${"a".repeat(64)}` as const;

describe("progress", () => {
  it("has a line for each part that is done", () => {
    const lineOf = progressLines("pushed");
    const blob: Descriptor = { mediaType: mediaTypes.ociLayer, digest, size: 1 };
    const line = (how: "present" | "mounted" | "written", descriptor = blob) =>
      lineOf({ type: "done", id: 1, descriptor, how });
    assert.equal(line("written"), `pushed blob: ${digest}`);
    assert.equal(line("present"), `existing blob: ${digest}`);
    assert.equal(line("mounted"), `mounted blob: ${digest}`);
    assert.equal(line("written", { ...blob, mediaType: mediaTypes.ociIndex }), `pushed manifest: ${digest}`);
    assert.equal(
      lineOf({ type: "skipped", id: 1, mediaType: "x/y", digest }),
      `skipped ${digest}: not to be distributed`,
    );
    assert.equal(lineOf({ type: "progress", id: 1, bytes: 10 }), undefined);
    assert.equal(lineOf({ type: "resumed", id: 1, bytes: 10 }), undefined);
    assert.equal(line("written"), `pushed blob: ${digest} (resumed at 10 bytes)`);
  });

  it("of a copy is told on standard error, and where bytes of an earlier attempt were, that too", () =>
    withRegistry(async ({ gantry, host, repository }) => {
      const image = imageOf("one");
      await copy(image, repository("app"), { name: "v1" });
      const { stdout, progress } = await gantry("copy", `${host}/app:v1`, `${host}/to:v1`);
      assert.equal(stdout, "");
      const [layer] = await image.layers();
      assert.deepEqual(
        progress.sort(),
        [
          `mounted blob: ${await image.configName()}`,
          `mounted blob: ${await layer!.digest()}`,
          `pushed manifest: ${await image.digest()}`,
        ].sort(),
      );
      const quiet = await gantry("copy", "-q", `${host}/app:v1`, `${host}/other:v1`);
      assert.deepEqual(quiet, { code: 0, stdout: "", stderr: "", progress: [] });
    }));
});
