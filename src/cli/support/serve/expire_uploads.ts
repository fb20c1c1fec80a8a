import { clearInterval, setInterval } from "node:timers";
import type { Options, Target } from "../../../content/mod.ts";
import { GantryError } from "../../../errors.ts";

/** How often it is looked, in milliseconds. */
const interval = 60 * 60 * 1000;

/** Forgets the uploads in which nothing has happened for so many seconds, now and from time to time. */
export async function expireUploads(
  target: Target,
  age: number,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const look = () =>
    removeUploads(target, Date.now() - age * 1000, { signal }).catch((error) => {
      if (!signal.aborted) log(`removing old uploads: ${error instanceof Error ? error.message : error}`);
    });
  // Before anybody asks for one of them, who would keep it.
  await look();
  const timer = setInterval(look, interval).unref();
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}

/** Forgets the uploads in which nothing has happened since `before`, in milliseconds since 1970. */
async function removeUploads(target: Target, before: number, options: Options): Promise<void> {
  for await (const { session, updated } of target.ingests?.(options) ?? []) {
    if (updated.getTime() >= before) continue;
    try {
      await (await target.ingest!(session, { create: false, ...options })).abort();
    } catch (error) {
      // Somebody goes on with it, or has ended it.
      if (!GantryError.is(error, "conflict", "not-found")) throw error;
    }
  }
}
