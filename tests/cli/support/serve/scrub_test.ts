import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { scrubAgainAndAgain } from "../../../../src/cli/support/serve/scrub.ts";
import { Metrics } from "../../../../src/server/mod.ts";
import type { Scrubbed, ScrubOptions } from "../../../../src/store/mod.ts";

const digest = `sha256:${"0".repeat(64)}` as const;

describe("reading blobs again in the background", () => {
  it("counts them, tells what is wrong, and ends when it is told to", async () => {
    const metrics = new Metrics();
    const stop = new AbortController();
    const { promise: told, resolve: tell } = Promise.withResolvers<void>();
    const lines: string[] = [];
    const rates: (number | undefined)[] = [];
    async function* scrub({ rate }: ScrubOptions): AsyncGenerator<Scrubbed> {
      rates.push(rate);
      yield { digest, size: 7, quarantined: false };
      yield { digest, size: 3, quarantined: true, problem: "read blob: wrong" };
      throw new Error("the disk is gone");
    }
    // Its timers keep no process alive: a server's connections do.
    const alive = setInterval(() => {}, 1000);
    const log = (line: string) => lines.push(line) === 2 && tell();
    const scrubbing = scrubAgainAndAgain(scrub, 5, { metrics, log, signal: stop.signal, begin: 0 });
    await told;
    stop.abort();
    await scrubbing;
    clearInterval(alive);
    assert.deepEqual(rates, [5]);
    assert.deepEqual(lines, [
      "read blob: wrong; it is answered with 404 until it is pushed again",
      "reading blobs again: the disk is gone",
    ]);
    const text = metrics.text();
    assert.match(text, /^gantry_scrubbed_bytes_total 10$/m);
    assert.match(text, /^gantry_corrupt_blobs_total 1$/m);
  });
});
