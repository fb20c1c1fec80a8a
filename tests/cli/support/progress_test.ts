import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { run } from "../../../src/cli/program.ts";
import { progressLine } from "../../../src/cli/support/progress.ts";
import { copy } from "../../../src/copy/mod.ts";
import { type Descriptor, mediaTypes } from "../../../src/spec/mod.ts";
import { imageOf, withRegistry } from "../gantry.ts";

const digest = `sha256:${"a".repeat(64)}` as const;

describe("progress", () => {
  it("has a line for each part that is done", () => {
    const blob: Descriptor = { mediaType: mediaTypes.ociLayer, digest, size: 1 };
    const line = (how: "present" | "mounted" | "written", descriptor = blob) =>
      progressLine({ type: "done", id: 1, descriptor, how }, "pushed");
    assert.equal(line("written"), `pushed blob: ${digest}`);
    assert.equal(line("present"), `existing blob: ${digest}`);
    assert.equal(line("mounted"), `mounted blob: ${digest}`);
    assert.equal(line("written", { ...blob, mediaType: mediaTypes.ociIndex }), `pushed manifest: ${digest}`);
    assert.equal(
      progressLine({ type: "skipped", id: 1, mediaType: "x/y", digest }, "pushed"),
      `skipped ${digest}: not to be distributed`,
    );
    assert.equal(progressLine({ type: "progress", id: 1, bytes: 10 }, "pushed"), undefined);
  });

  it("goes to a terminal, and to nothing else", () =>
    withRegistry(async ({ directory, host, repository }) => {
      const image = imageOf("one");
      await copy(image, repository("app"), { name: "v1" });
      const written: Record<string, string> = {};
      for (const isTTY of [true, false]) {
        let said = "";
        const output = (isTTY: boolean) => ({
          isTTY,
          write: (data: string | Uint8Array, done: () => void) => (said += data, done()),
        });
        const code = await run(["copy", `${host}/app:v1`, `${host}/to-${isTTY}:v1`], {
          stdout: output(false),
          stderr: output(isTTY),
          env: { XDG_STATE_HOME: directory },
          signal: new AbortController().signal,
        });
        assert.equal(code, 0, said);
        written[`${isTTY}`] = said;
      }
      const [layer] = await image.layers();
      const lines = written["true"]!.trimEnd().split("\n").sort();
      assert.deepEqual(
        lines,
        [
          `mounted blob: ${await image.configName()}`,
          `mounted blob: ${await layer!.digest()}`,
          `pushed manifest: ${await image.digest()}`,
        ].sort(),
      );
      assert.equal(written["false"], "");
    }));
});
