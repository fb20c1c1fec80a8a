import { link, open, rm } from "node:fs/promises";
import type { Address, Options } from "../content/contracts.ts";
import { verifying } from "../digest/verify.ts";
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
