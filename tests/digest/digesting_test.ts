import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bytes, utf8 } from "../../src/bytes.ts";
import { digestBytes, digesting } from "../../src/digest/mod.ts";
import { bare, source, through } from "../support/streams.ts";
import { withEngine } from "./fake_engines.ts";

const bytes = utf8("0123456789".repeat(100));

describe("digesting", () => {
  it("lets bytes pass and tells what they were", async () => {
    for (const algorithm of ["sha256", "sha384", "sha512"] as const) {
      const { stream, result } = digesting(algorithm);
      assert.deepEqual(await through(bytes, stream, 7), bytes);
      assert.deepEqual(await result, { digest: await digestBytes(bytes, algorithm), size: 1000 });
    }
  });

  it("rejects the result when the source breaks", async () => {
    const gone = new Error("gone");
    const broken = new ReadableStream<Bytes>({
      pull(controller) {
        controller.error(gone);
      },
    });
    const { stream, result } = digesting();
    await assert.rejects(broken.pipeThrough(stream).getReader().read(), gone);
    await assert.rejects(result, gone);
  });

  it("rejects the result when the reader cancels", async () => {
    for (
      const [reason, expected] of [[new Error("enough"), /enough/], [undefined, { code: "not-computed" }]]
    ) {
      const { stream, result } = digesting();
      await source(bytes, 10).stream.pipeThrough(stream).cancel(reason);
      await assert.rejects(result, expected as RegExp);
    }
  });

  it("rejects the result when the engine breaks", async () => {
    const broken = () => Promise.reject(new Error("broken"));
    const fine = () => Promise.resolve();
    const digest = () => digestBytes(bytes);
    for (const hasher of [{ update: broken, digest }, { update: fine, digest: broken }]) {
      await withEngine("broken", hasher, async () => {
        const { stream, result } = digesting("sha256", { engine: "broken" });
        await assert.rejects(through(bytes, stream), /broken/);
        await assert.rejects(result, /broken/);
      });
    }
  });

  it("rejects both where nothing can hash a stream", async () => {
    await bare(async () => {
      const { stream, result } = digesting();
      await assert.rejects(through(bytes, stream), { code: "no-engine" });
      await assert.rejects(result, { code: "no-engine" });
    });
  });
});
