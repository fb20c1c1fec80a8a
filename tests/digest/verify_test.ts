import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Bytes, utf8 } from "../../src/bytes.ts";
import { type Algorithm, digestBytes, verifying } from "../../src/digest/mod.ts";
import { bare, source, through } from "../support/streams.ts";
import { withEngine } from "./fake_engines.ts";

const bytes = utf8("0123456789".repeat(100));
const what = "blob of example.com/app";

describe("verifying", () => {
  it("lets the expected bytes pass, however they are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 1, max: 100 }),
        fc.constantFrom<Algorithm>("sha256", "sha384", "sha512"),
        fc.boolean(),
        async (bytes, piece, algorithm, sized) => {
          const digest = await digestBytes(bytes, algorithm);
          const expected = sized ? { digest, size: bytes.byteLength } : { digest };
          assert.deepEqual(await through(bytes, verifying(expected, { what }), piece), new Uint8Array(bytes));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("errors at the chunk that is too much, which does not pass, and cancels the source", async () => {
    const { stream, seen } = source(bytes, 100);
    const verified = stream.pipeThrough(verifying({ digest: await digestBytes(bytes), size: 250 }, { what }));
    const reader = verified.getReader();
    assert.equal((await reader.read()).value?.byteLength, 100);
    assert.equal((await reader.read()).value?.byteLength, 100);
    const error = { code: "size-mismatch", message: `read ${what}: more than the expected 250 bytes` };
    await assert.rejects(reader.read(), error);
    assert.ok(seen.taken <= 400, `${seen.taken} bytes were taken`);
    assert.equal((seen.cancelled as { code: string }).code, "size-mismatch");
  });

  it("errors one byte too late and one byte too early", async () => {
    const digest = await digestBytes(bytes);
    for (const size of [999, 1001]) {
      for (const piece of [1, 1000]) {
        const verified = through(bytes, verifying({ digest, size }, { what }), piece);
        await assert.rejects(verified, { code: "size-mismatch" });
      }
    }
  });

  it("tells the size before the digest", async () => {
    const digest = await digestBytes(utf8("other"));
    await assert.rejects(through(bytes, verifying({ digest, size: 1001 }, { what })), {
      code: "size-mismatch",
      message: `read ${what}: 1000 bytes, expected 1001`,
    });
  });

  it("ends with an error, never cleanly, on a wrong digest", async () => {
    const digest = await digestBytes(utf8("other"));
    const message = `read ${what}: ${await digestBytes(bytes)}, expected ${digest}`;
    await assert.rejects(through(bytes, verifying({ digest, size: 1000 }, { what })), {
      code: "digest-mismatch",
      message,
    });

    let closed = false;
    let aborted: unknown;
    const sink = new WritableStream<Bytes>({
      close() {
        closed = true;
      },
      abort(reason) {
        aborted = reason;
      },
    });
    const piped = source(bytes).stream.pipeThrough(verifying({ digest }, { what })).pipeTo(sink);
    await assert.rejects(piped, { code: "digest-mismatch" });
    assert.equal(closed, false);
    assert.equal((aborted as { code: string }).code, "digest-mismatch");
  });

  it("verifies nothing at all too", async () => {
    const nothing = new Uint8Array(0);
    const digest = await digestBytes(nothing);
    assert.deepEqual(await through(nothing, verifying({ digest, size: 0 }, { what })), nothing);
    await assert.rejects(through(nothing, verifying({ digest: await digestBytes(bytes) }, { what })), {
      code: "digest-mismatch",
    });
  });

  it("lets the error of the source pass", async () => {
    const gone = new Error("gone");
    const broken = new ReadableStream<Bytes>({
      pull(controller) {
        controller.error(gone);
      },
    });
    const reader = broken.pipeThrough(verifying({ digest: await digestBytes(bytes) }, { what })).getReader();
    await assert.rejects(reader.read(), gone);
  });

  it("pulls no more than it is asked for", async () => {
    const { stream, seen } = source(bytes, 10);
    const verified = stream.pipeThrough(verifying({ digest: await digestBytes(bytes) }, { what }));
    await verified.getReader().read();
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(seen.taken <= 40, `${seen.taken} bytes were taken`);
  });

  it("gives a chunk only when an engine in the background is done with it", async () => {
    const log: string[] = [];
    const hasher = {
      async update() {
        await new Promise((resolve) => setTimeout(resolve, 1));
        log.push("hashed");
      },
      digest: () => digestBytes(bytes),
    };
    await withEngine("slow", hasher, async () => {
      const expected = { digest: await digestBytes(bytes) };
      const slow = source(bytes, 500).stream.pipeThrough(verifying(expected, { what, engine: "slow" }));
      await slow.pipeTo(new WritableStream({ write: () => void log.push("read") }));
    });
    assert.equal(log[0], "hashed");
    assert.equal(log.length, 4);
  });

  it("errors where nothing can hash a stream", async () => {
    const digest = await digestBytes(bytes);
    await assert.rejects(bare(() => through(bytes, verifying({ digest }, { what }))), { code: "no-engine" });
  });
});
