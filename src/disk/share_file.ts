import { link, open, rm } from "node:fs/promises";
import type { Address, Content, Options } from "../content/contracts.ts";
import { verifying } from "../digest/verify.ts";
import type { Digest } from "../spec/digest.ts";
import type { BlobDirectory } from "./blob_directory.ts";
import { errno } from "./errors.ts";
import { factsOf, reading } from "./files.ts";
import type { GantryDirectory } from "./gantry_directory.ts";
import { fileStream } from "./stream.ts";

/** What a disk says that cannot do it: another disk, a kind that knows no links, too many of them, somebody else's file. */
const cannot = new Set(["EXDEV", "EPERM", "EACCES", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EINVAL", "EMLINK"]);

/**
 * Gives a file a second name among the temporary ones, verifies and flushes it, and tells that name. Nothing where the
 * disk cannot do so.
 */
export async function shareFile(
  from: string,
  what: Address,
  state: GantryDirectory,
  { signal }: Options,
): Promise<string | undefined> {
  const facts = await factsOf(from);
  if (!facts) return undefined;
  const { path, file } = await state.createTemporary();
  await file.close();
  await rm(path);
  try {
    await link(from, path);
  } catch (error) {
    if (cannot.has(errno(error) ?? "")) return undefined;
    throw error;
  }
  try {
    const bytes = fileStream(path, 0, facts.size, signal).pipeThrough(verifying(what, { what: from }));
    await bytes.pipeTo(new WritableStream(), { signal });
    const shared = await open(path, reading);
    await shared.sync().finally(() => shared.close());
    return path;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/** Takes a blob from a file on the same disk, and tells its size; nothing where the disk cannot share it. */
export async function shareBlob(
  blobs: BlobDirectory,
  digest: Digest,
  content: Content,
  { signal }: Options,
): Promise<number | undefined> {
  const file = await content.file?.();
  if (file === undefined) return undefined;
  const end = blobs.state.hold();
  try {
    const path = await shareFile(file, { digest, size: content.size }, blobs.state, { signal });
    if (path === undefined) return undefined;
    await blobs.take(digest, path);
    return (await blobs.facts(digest))?.size;
  } finally {
    await end();
  }
}
