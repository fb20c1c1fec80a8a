import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CommandContext } from "../../../src/cli/context.ts";
import type { GlobalOptions } from "../../../src/cli/environment.ts";
import type { ProgressFlags } from "../../../src/cli/support/progress.ts";
import { transfer } from "../../../src/cli/support/transfer.ts";
import type { CopyEvent } from "../../../src/copy/mod.ts";
import { mediaTypes } from "../../../src/spec/mod.ts";

/** A context that keeps what is written. */
function contextOf(options: GlobalOptions = {}, isTTY = false, signal = new AbortController().signal) {
  const said = { stdout: "", stderr: "" };
  const output = (name: "stdout" | "stderr") => ({
    isTTY,
    write: (data: string | Uint8Array, done: () => void) => (said[name] += String(data), done()),
  });
  const environment = { stdout: output("stdout"), stderr: output("stderr"), env: {}, signal, patience: 0 };
  return { context: new CommandContext(environment, () => options), said };
}

const digest = `sha256:${"a".repeat(64)}` as const;
const events: CopyEvent[] = [
  { type: "start", id: 1, mediaType: mediaTypes.ociLayer, digest, size: 9 },
  { type: "progress", id: 1, bytes: 5 },
  { type: "done", id: 1, descriptor: { mediaType: mediaTypes.ociLayer, digest, size: 9 }, how: "written" },
];

async function told(flags: ProgressFlags, isTTY = false) {
  const { context, said } = contextOf({}, isTTY);
  await transfer(context, "pushed", flags, ({ progress }) => {
    for (const event of events) progress?.(event);
    return Promise.resolve();
  });
  return said;
}

describe("a transfer", () => {
  it("uses one client and one session for all that a command does", async () => {
    const { context } = contextOf();
    const [one, two] = [
      await transfer(context, "pushed", {}, (options) => Promise.resolve(options)),
      await transfer(context, "pulled", {}, (options) => Promise.resolve(options)),
    ];
    assert.equal(one.registry, two.registry);
    assert.equal(one.session, two.session);
    assert.equal(one.foreign, false);
    const foreign = contextOf({ allowNondistributableArtifacts: true }).context;
    assert.equal(await transfer(foreign, "", {}, ({ foreign }) => Promise.resolve(foreign)), true);
  });

  it("tells of progress in lines, on a terminal in pictures, as JSON, or not", async () => {
    assert.deepEqual(await told({}), { stdout: "", stderr: `pushed blob: ${digest}\n` });
    const { stdout, stderr } = await told({}, true);
    assert.equal(stdout, "");
    assert.match(stderr, /^aaaaaaaaaaaa blob +9 B {2}pushed\n1 part done, 9 B in .*\n$/);
    const json = await told({ json: true });
    assert.deepEqual(json.stdout.trimEnd().split("\n").map((line) => JSON.parse(line)), events);
    assert.equal(json.stderr, "");
    assert.deepEqual(await told({ quiet: true }, true), { stdout: "", stderr: "" });
  });

  it("that is stopped says how to go on", async () => {
    const abort = new AbortController();
    const { context } = contextOf({}, false, abort.signal);
    abort.abort(new Error("enough"));
    await assert.rejects(transfer(context, "pushed", {}, () => Promise.reject(abort.signal.reason)));
    assert.match(context.advice!, /goes on from here/);
  });
});
