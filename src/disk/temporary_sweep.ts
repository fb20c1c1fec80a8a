import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { namesIn } from "./directory.ts";
import { ifThere } from "./errors.ts";

/** Removes the temporary files in a directory in which nothing has happened since `before`, in milliseconds since 1970. */
export async function sweepTemporary(directory: string, before: number): Promise<void> {
  for (const name of await namesIn(directory)) {
    const path = join(directory, name);
    const found = await ifThere(stat(path));
    if (found && found.mtimeMs < before) await rm(path, { recursive: true, force: true });
  }
}
