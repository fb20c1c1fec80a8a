import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Options } from "../content/contracts.ts";
import { verifying } from "../digest/verify.ts";
import { GantryError } from "../errors.ts";
import { algorithmOf, type Digest, hexOf } from "../spec/digest.ts";
import type { BlobDirectory } from "./blob_directory.ts";
import { ifThere } from "./errors.ts";
import { factsOf } from "./files.ts";
import { fileStream } from "./stream.ts";

/**
 * Puts a blob whose bytes are wrong out of the way: nobody reads it any more, and it can be written again. False where
 * it turns out to be right: somebody has written it anew in the meantime. Its file stays in `.gantry/corrupt`, for people
 * who want to look at it.
 */
export async function quarantine(blobs: BlobDirectory, digest: Digest, options: Options): Promise<boolean> {
  const directory = join(blobs.state.directory, "corrupt");
  const [from, to] = [blobs.path(digest), join(directory, `${algorithmOf(digest)}-${hexOf(digest)}`)];
  await mkdir(directory, { recursive: true });
  if (!await ifThere(rename(from, to).then(() => true))) return false; // removed
  if (!await isRight(to, digest, options)) return true;
  await rename(to, from);
  return false;
}

async function isRight(path: string, digest: Digest, { signal }: Options): Promise<boolean> {
  const { size = 0 } = await factsOf(path) ?? {};
  try {
    await fileStream(path, 0, size, signal).pipeThrough(verifying({ digest }, { what: path }))
      .pipeTo(new WritableStream(), { signal });
    return true;
  } catch (error) {
    if (GantryError.is(error, "digest-mismatch", "size-mismatch")) return false;
    throw error;
  }
}
