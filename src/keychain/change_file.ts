import { chown, mkdir, open, readlink, realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { text, utf8 } from "../bytes.ts";
import { ifThere, onDisk } from "../disk/errors.ts";
import { Lock } from "../disk/lock.ts";
import { putFile, type TemporaryFile } from "../disk/replace.ts";
import { readIfThere } from "./config_file.ts";

/**
 * Changes a text file, whole or not at all, so that only its owner can read it. It is made where it is not there, unless there
 * is nothing to write. Two that do this at once do it one after the other.
 *
 * @throws {GantryError} `storage` where the disk refuses, `conflict` where another process holds the lock for a minute.
 */
export async function changeFile(
  path: string,
  change: (text: string) => string,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<void> {
  await onDisk(`write ${JSON.stringify(path)}`, async () => {
    const target = await targetOf(path);
    const directory = dirname(target);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const lock = await new Lock(directory, () => temporaryBeside(target)).take(options);
    try {
      const before = await readIfThere(target);
      const old = before === undefined ? "" : text(before, JSON.stringify(path));
      const next = change(old);
      if (next === old) return;
      const temporary = await temporaryBeside(target);
      await keepOwner(target, temporary);
      await putFile(target, utf8(next), temporary);
    } finally {
      await lock.release();
    }
  });
}

/** Links are followed, so that what they lead to is changed, and they stay. */
async function targetOf(path: string): Promise<string> {
  const real = await ifThere(realpath(path));
  if (real !== undefined) return real;
  const dangling = await readlink(path).catch(() => undefined);
  return dangling === undefined ? path : resolve(dirname(path), dangling);
}

async function temporaryBeside(target: string): Promise<TemporaryFile> {
  const path = `${target}.${crypto.randomUUID()}.tmp`;
  return { path, file: await open(path, "wx", 0o600) };
}

/** Who changes another's file, as `sudo` does, leaves it to them. */
async function keepOwner(target: string, { path }: TemporaryFile): Promise<void> {
  const owner = await ifThere(stat(target));
  if (owner) await chown(path, owner.uid, owner.gid).catch(() => {});
}
