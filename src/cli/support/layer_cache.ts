import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { chunksOf } from "../../bytes.ts";
import type { Address, Content, Target } from "../../content/mod.ts";
import { verifying } from "../../digest/mod.ts";
import { makeDirectory } from "../../disk/directory.ts";
import { factsOf } from "../../disk/files.ts";
import { fileStream } from "../../disk/stream.ts";
import { GantryError } from "../../errors.ts";
import type { Digest } from "../../spec/digest.ts";
import { isLayerType } from "../../spec/media_type.ts";

/**
 * A directory of compressed layers, by their digests, as crane's `--cache_path` has them: both can share one. A layer comes
 * into it whole or not at all; one that is damaged there counts as missing.
 */
export function layerCache(directory: string): Target {
  const pathOf = (digest: Digest) =>
    join(directory, process.platform === "win32" ? digest.replace(":", "-") : digest);
  return {
    resolve: (name) => Promise.reject(missing(name)),
    tag: (name) => Promise.reject(missing(name)),
    async open(what, { start = 0, end, signal } = {}) {
      const path = pathOf(what.digest);
      if (!isLayer(what) || !await isWhole(path, what, signal)) throw missing(what.digest);
      return fileStream(path, start, end ?? what.size!, signal);
    },
    async write(content, { signal } = {}) {
      const { mediaType, digest, size } = content;
      if (digest === undefined || size === undefined || !isLayer(content)) throw missing(mediaType);
      await makeDirectory(directory);
      await writeWhole(pathOf(digest), { ...content, digest, size }, signal);
      return { descriptor: { mediaType, digest, size }, how: "written" };
    },
  };
}

/** Configs and manifests are small and change; crane does not keep them either. */
function isLayer({ mediaType }: Partial<Address>): boolean {
  return mediaType !== undefined && isLayerType(mediaType);
}

async function isWhole(path: string, what: Address, signal: AbortSignal | undefined): Promise<boolean> {
  const facts = await factsOf(path);
  if (!facts || facts.size !== what.size) return false;
  try {
    const bytes = fileStream(path, 0, facts.size, signal).pipeThrough(verifying(what, { what: path }));
    await bytes.pipeTo(new WritableStream(), { signal });
    return true;
  } catch (error) {
    if (!GantryError.is(error, "digest-mismatch", "size-mismatch")) throw error;
    await rm(path, { force: true });
    return false;
  }
}

async function writeWhole(
  path: string,
  content: Content & { digest: Digest; size: number },
  signal: AbortSignal | undefined,
): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    const file = await open(temporary, "wx", 0o644);
    try {
      const bytes = (await content.open({ signal })).pipeThrough(
        verifying(content, { what: content.digest }),
      );
      for await (const chunk of chunksOf(bytes, signal)) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function missing(what: string): GantryError {
  return new GantryError("not-found", `find ${what} in the cache: it is not there`);
}
