import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CommandContext } from "../../../src/cli/context.ts";
import type { GlobalOptions } from "../../../src/cli/environment.ts";
import { transferOptions } from "../../../src/cli/support/transfer.ts";
import { mediaTypes } from "../../../src/spec/mod.ts";

/** A context that keeps what is written to standard error. */
function contextOf(options: GlobalOptions, isTTY: boolean): { context: CommandContext; lines: string[] } {
  const lines: string[] = [];
  const output = {
    isTTY,
    write: (data: string | Uint8Array, done: () => void) => (lines.push(String(data)), done()),
  };
  const { signal } = new AbortController();
  return {
    context: new CommandContext({ stdout: output, stderr: output, env: {}, signal }, () => options),
    lines,
  };
}

describe("transferOptions", () => {
  it("uses one client and one session for all that a command does", async () => {
    const { context } = contextOf({}, false);
    const one = await transferOptions(context, "pushed");
    const two = await transferOptions(context, "pulled");
    assert.equal(one.registry, two.registry);
    assert.equal(one.session, two.session);
    assert.equal(one.foreign, false);
    assert.equal(
      (await transferOptions(contextOf({ allowNondistributableArtifacts: true }, false).context, "")).foreign,
      true,
    );
  });

  it("reports progress to a terminal only", async () => {
    assert.equal((await transferOptions(contextOf({}, false).context, "pushed")).progress, undefined);
    const { context, lines } = contextOf({}, true);
    const { progress } = await transferOptions(context, "pushed");
    const digest = `sha256:${"a".repeat(64)}` as const;
    progress!({
      type: "done",
      id: 1,
      descriptor: { mediaType: mediaTypes.ociLayer, digest, size: 1 },
      how: "written",
    });
    assert.deepEqual(lines, [`pushed blob: ${digest}\n`]);
  });
});
