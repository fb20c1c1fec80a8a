import { setTimeout } from "node:timers/promises";
import type { Metrics } from "../../../server/mod.ts";
import type { Scrubbed, ScrubOptions } from "../../../store/mod.ts";

/** How long two passes are apart at least, in milliseconds. */
const interval = 24 * 60 * 60 * 1000;

/** Who is told, until when, and how long after the start the first blob is read again: in milliseconds, a minute if not told. */
interface ScrubbingOptions {
  metrics: Metrics;
  log: (line: string) => void;
  signal: AbortSignal;
  begin?: number;
}

/** Reads all blobs again, once a day at most and slowly, and tells which are wrong, until the signal aborts. */
export async function scrubAgainAndAgain(
  scrub: (options: ScrubOptions) => AsyncIterable<Scrubbed>,
  rate: number,
  { metrics, log, signal, begin = 60 * 1000 }: ScrubbingOptions,
): Promise<void> {
  try {
    await setTimeout(begin, undefined, { signal, ref: false });
    for (;;) {
      const next = performance.now() + interval;
      await scrubOnce(scrub({ rate, signal }), metrics, log).catch((error) => {
        if (!signal.aborted) log(`reading blobs again: ${error instanceof Error ? error.message : error}`);
      });
      await setTimeout(Math.max(0, next - performance.now()), undefined, { signal, ref: false });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function scrubOnce(
  blobs: AsyncIterable<Scrubbed>,
  metrics: Metrics,
  log: (line: string) => void,
): Promise<void> {
  for await (const { size, problem, quarantined } of blobs) {
    metrics.scrubbed({ size, isWrong: problem !== undefined });
    if (problem === undefined) continue;
    log(`${problem}${quarantined ? "; it is answered with 404 until it is pushed again" : ""}`);
  }
}
