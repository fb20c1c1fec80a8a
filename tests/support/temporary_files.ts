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

/** Fails if one stays open. Deno runs other tests in this process, whose files are given the time to go. */
export async function requireNoTemporaryFiles(): Promise<void> {
  for (let waited = 0; waited < 10_000 && temporaryFiles().length > 0; waited += 20) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.deepEqual(temporaryFiles(), []);
}
