import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { createGunzip } from "../../wasm/gunzip.ts";
import { inflateReasons } from "../../wasm/inflater.ts";
import { type Answer, type Port, serve } from "../../wasm/worker.ts";
import { cores } from "./cores.ts";

/** The program as a thread has it: from its text alone. */
function startFromText(): { ask(data: unknown): Answer } {
  const answers: Answer[] = [];
  const port: Port = { onmessage: null, postMessage: (answer) => void answers.push(answer) };
  const given = `port, ${createGunzip}, ${JSON.stringify(inflateReasons)}`;
  new Function("port", `"use strict"; (${serve})(${given});`)(port);
  return {
    ask(data) {
      port.onmessage!({ data } as never);
      return answers.pop()!;
    },
  };
}

describe("the program of threads", () => {
  for (const [name, { module }] of cores) {
    it(`does all of its work from its text alone (${name})`, () => {
      const thread = startFromText();
      assert.equal(thread.ask({ work: "start", module }).kind, "result");
      const deflate = { work: "deflate", bytes: new Uint8Array(32768 + 10), before: 0, length: 10, level: 6 };
      assert.equal(thread.ask({ ...deflate, final: true }).kind, "result");
      for (const hash of ["lanes", "native"]) {
        assert.equal(thread.ask({ work: "begin", hash }).kind, "result");
        const block = { bytes: new Uint8Array(64), length: 64 };
        assert.equal(thread.ask({ work: "hash", blocks: [block, , block] }).kind, "result");
        const digest = { work: "digest", lane: 2, tail: new Uint8Array(3), length: 67 };
        const answer = thread.ask(digest);
        assert.ok(answer.kind === "result");
        assert.equal(answer.result.bytes!.byteLength, 32);
      }
      assert.equal(thread.ask({ work: "gunzip", hash: true }).kind, "result");
      const spare = [new ArrayBuffer(262144)];
      const take = { work: "take", bytes: new Uint8Array(gzipSync("in a thread")), last: true, spare };
      const answer = thread.ask(take);
      assert.ok(answer.kind === "result");
      assert.equal(new TextDecoder().decode(answer.result.bytes), "in a thread");
      assert.equal(answer.result.bytes!.buffer, spare[0]);
      assert.equal(answer.result.ended, true);
    });
  }

  it("answers with what went wrong", () => {
    const thread = startFromText();
    const answer = thread.ask({ work: "begin", hash: "lanes" });
    assert.ok(answer.kind === "error");
    assert.match(answer.message, /Error/);
  });
});
