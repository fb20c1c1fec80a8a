import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concat, utf8 } from "../../src/bytes.ts";
import { StreamCutter } from "../../src/registry/stream_cutter.ts";
import { rejects } from "../../src/testing/errors.ts";

function cut(text: string, chunk: number) {
  const bytes = utf8(text), seen: Uint8Array[] = [];
  let at = 0, cancelled = false;
  const stream = new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.slice(at, at += chunk));
      else controller.close();
    },
    cancel: () => void (cancelled = true),
  }, { highWaterMark: 0 });
  const cutter = new StreamCutter(stream, (part) => void seen.push(part));
  const next = async (length: number) => await new Response(cutter.next(length)).text();
  return { cutter, next, seen: () => new TextDecoder().decode(concat(seen)), isCancelled: () => cancelled };
}

describe("a stream that is cut", () => {
  it("gives the lengths asked for, however its chunks fall", async () => {
    for (const chunk of [1, 2, 3, 5, 8, 100]) {
      const { next, seen } = cut("0123456789", chunk);
      assert.deepEqual([await next(3), await next(1), await next(6)], ["012", "3", "456789"]);
      assert.equal(seen(), "0123456789");
    }
  });

  it("reads nothing ahead, and can be given up", async () => {
    const { cutter, next, seen, isCancelled } = cut("0123456789", 2);
    await next(3);
    assert.equal(seen(), "012");
    await cutter.close();
    assert.equal(isCancelled(), true);
  });

  it("fails where it ends too early", async () => {
    const { cutter } = cut("0123", 3);
    await rejects(new Response(cutter.next(5)).text(), "size-mismatch", /1 bytes too early/);
  });
});
