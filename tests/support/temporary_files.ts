/** Temporary files that lose their names at once: they are seen among the files that the process has open. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readlinkSync } from "node:fs";

/** Those that are open, where the system tells. */
export function temporaryFiles(): string[] {
  if (!existsSync("/proc/self/fd")) return [];
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.includes("/gantry-") && path.endsWith("(deleted)") ? [path] : [];
    } catch {
      return []; // closed meanwhile
    }
  });
}

/**
 * Fails if the work leaves one open. Deno runs other tests in this process, whose files come and go beside: what is a
 * leak is there after every try.
 */
export async function leavesNoTemporaryFiles(work: () => Promise<void>): Promise<void> {
  let left: string[] = [];
  for (let tries = 0; tries < 5; tries++) {
    const before = new Set(temporaryFiles());
    await work();
    for (let waited = 0; waited < 2_000; waited += 20) {
      left = temporaryFiles().filter((path) => !before.has(path));
      if (left.length === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  assert.deepEqual(left, []);
}
