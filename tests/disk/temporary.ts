import { randomUUID } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { TemporaryFile } from "../../src/disk/replace.ts";

/** Makes a temporary file in a directory. */
export async function temporaryIn(directory: string): Promise<TemporaryFile> {
  const path = join(directory, `${randomUUID()}.tmp`);
  return { path, file: await open(path, "ax") };
}
