import type { Options } from "../content/contracts.ts";
import { onDisk } from "../disk/errors.ts";
import { Incomplete } from "./unpack/incomplete.ts";

/**
 * Takes away what was unpacked to a directory, or what a process that was killed has left of it. It is gone at once; its
 * files are removed when what this gives is disposed of, or by the next one who unpacks there or takes away.
 *
 * @throws {GantryError} `conflict` when another process is unpacking there.
 */
export async function takeAway(directory: string, { signal }: Options = {}): Promise<AsyncDisposable> {
  return await onDisk(`remove ${JSON.stringify(directory)}`, async () => {
    const incomplete = await Incomplete.begin(directory, { signal });
    incomplete.takeBack();
    return incomplete;
  });
}

/**
 * Removes what a process that was killed has left beside what is unpacked.
 *
 * @throws {GantryError} `conflict` when another process is unpacking there.
 */
export async function clearLeft(directory: string, { signal }: Options = {}): Promise<void> {
  await onDisk(`clear ${JSON.stringify(directory)}`, async () => {
    await using _ = await Incomplete.begin(directory, { signal });
  });
}
