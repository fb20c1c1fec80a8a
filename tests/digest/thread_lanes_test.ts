import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { ThreadLanes } from "../../src/digest/thread_lanes.ts";
import { loadCore } from "../../wasm/core.ts";
import { Thread } from "../../wasm/threads.ts";
import { randomBytes } from "../../src/testing/content.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("ThreadLanes", () => {
  for (const hash of ["lanes", "native"] as const) {
    it(`hashes four messages at once and one after the other: ${hash}`, async () => {
      const thread = new Thread(await loadCore());
      assert.equal(await thread.ready, true);
      const four = new ThreadLanes(thread, hash);
      // Less than a block, whole blocks, more than a buffer, nothing.
      for (const sizes of [[10, 64, 600_001, 0], [128, 0, 63, 262_144]]) {
        const messages = sizes.map((size) => randomBytes(size));
        await four.update4([messages[0], messages[1], messages[2], messages[3]]);
        for (const lane of [0, 1, 2, 3] as const) {
          assert.equal(Buffer.from(await four.digest(lane)).toString("hex"), sha256(messages[lane]!));
        }
      }
      thread.end();
    });
  }

  it("fails when its thread is given up", async () => {
    const thread = new Thread(await loadCore());
    await thread.ready;
    const four = new ThreadLanes(thread, "lanes");
    const digest = four.digest(0);
    thread.end();
    await assert.rejects(digest, /the thread was given up/);
  });
});
