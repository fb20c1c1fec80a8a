import { stat } from "node:fs/promises";
import { join } from "node:path";
import { GantryError } from "../../../errors.ts";
import { layouts } from "../../../layout/mod.ts";
import { isOlder } from "./take_over.ts";

/** How to collect. */
interface CollectOptions {
  dryRun: boolean | undefined;
  grace: number;
  signal: AbortSignal;
}

/** Removes what no image in a served directory needs, also while it is served. */
export async function collectDisk(
  directory: string,
  options: CollectOptions,
): Promise<{ removed: readonly string[]; bytes: number }> {
  const action = `collect garbage in ${JSON.stringify(directory)}`;
  if (await isOlder(directory)) return await collectLayouts(directory, action, options);
  // Without records everything would be garbage.
  if (!await stat(join(directory, "metadata.db")).catch(() => undefined)) {
    throw new GantryError("not-found", `${action}: there is no metadata.db in it`);
  }
  const { store } = await import("../../../store/mod.ts");
  await using there = store(directory);
  return await there.gc(options);
}

/** As an older version made it. */
async function collectLayouts(directory: string, action: string, { dryRun, ...options }: CollectOptions) {
  if (!dryRun) return await layouts(directory).gc(options);
  const reason = "an older version made it; serve it once, then this can be told";
  throw new GantryError("unsupported", `${action}: ${reason}`);
}
