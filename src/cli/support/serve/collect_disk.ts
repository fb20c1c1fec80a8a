import { clearInterval, setInterval } from "node:timers";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Options } from "../../../content/mod.ts";
import { GantryError } from "../../../errors.ts";
import { layouts } from "../../../layout/mod.ts";
import type { Store, StoreCollected } from "../../../store/mod.ts";
import type { RetentionRule } from "./config.ts";
import { retain } from "./retain.ts";
import { isOlder } from "./take_over.ts";

/** How to collect. */
interface CollectOptions extends Options {
  dryRun?: boolean | undefined;
  grace?: number | undefined;
  /** What is no longer wanted. */
  retention?: readonly RetentionRule[] | undefined;
}

/** Removes what no image in a served directory needs, also while it is served, and what is no longer wanted before. */
export async function collectDisk(
  directory: string,
  options: CollectOptions,
  tell: (name: string) => Promise<void>,
): Promise<Pick<StoreCollected, "removed" | "bytes">> {
  const action = `collect garbage in ${JSON.stringify(directory)}`;
  if (await isOlder(directory)) return await collectLayouts(directory, action, options);
  // Without records everything would be garbage.
  if (!await stat(join(directory, "metadata.db")).catch(() => undefined)) {
    throw new GantryError("not-found", `${action}: there is no metadata.db in it`);
  }
  const { store } = await import("../../../store/mod.ts");
  await using there = store(directory);
  return await collectStore(there, options, tell);
}

/**
 * Does the same every so many seconds, until the signal.
 *
 * @returns Waits until nothing is being collected.
 */
export function collectRegularly(
  there: Store,
  seconds: number,
  { signal, ...options }: CollectOptions & { signal: AbortSignal },
  log: (line: string) => void,
): () => Promise<void> {
  let running: Promise<void> | undefined;
  const collect = async () => {
    let names = 0;
    const { removed, bytes } = await collectStore(there, { signal, ...options }, () => void names++);
    if (names + removed.length === 0) return;
    log(`collected garbage: ${names} tags and manifests, ${removed.length} blobs of ${bytes} bytes`);
  };
  const timer = setInterval(() => {
    running ??= collect().catch((error) => {
      if (!signal.aborted) log(`collecting garbage: ${error instanceof Error ? error.message : error}`);
    }).finally(() => running = undefined);
  }, seconds * 1000).unref();
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  return async () => await running;
}

async function collectStore(
  there: Store,
  { retention = [], ...options }: CollectOptions,
  tell: (name: string) => Promise<void> | void,
): Promise<StoreCollected> {
  if (retention.length > 0) await retain(there, retention, options, tell);
  return await there.gc(options);
}

/** As an older version made it. */
async function collectLayouts(
  directory: string,
  action: string,
  { dryRun, retention = [], ...options }: CollectOptions,
) {
  if (!dryRun && retention.length === 0) return await layouts(directory).gc(options);
  const reason = "an older version made it; serve it once, then this can be told";
  throw new GantryError("unsupported", `${action}: ${reason}`);
}
