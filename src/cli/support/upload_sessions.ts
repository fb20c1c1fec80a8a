import { createHash, randomUUID } from "node:crypto";
import { chmod, link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { isAlive, isSameProcess, type Owner, parseOwner, thisOwner } from "../../disk/process_identity.ts";
import type { UploadSessions } from "../../registry/mod.ts";

/** Uploads older than this are forgotten; registries forget them long before. */
const longestKept = 14 * 24 * 60 * 60 * 1000;

/** The directory in which unfinished uploads are remembered between runs. */
export function uploadsDirectory(env: Record<string, string | undefined>): string {
  const state = env["XDG_STATE_HOME"] || join(env["HOME"] || homedir(), ".local", "state");
  return join(state, "gantry", "uploads");
}

/**
 * Remembers unfinished uploads in a directory, one file each. Only the user may read the files: whoever knows what is in
 * them can add to the upload. Their names are hashes, so that a key may be any string. While the process that owns an
 * upload lives, other processes do not see it. If the directory cannot be written, uploads work all the same, but a later
 * run starts them again.
 */
export function directorySessions(directory: string): UploadSessions {
  const ours = new Map<string, { value: string; onDisk: boolean }>();
  const fileOf = (key: string) => join(directory, createHash("sha256").update(key).digest("hex"));
  let prepared: Promise<void> | undefined;
  return {
    async get(key) {
      const known = ours.get(key);
      if (known) return known.value;
      const value = await take(fileOf(key)).catch(() => undefined);
      if (value !== undefined) ours.set(key, { value, onDisk: true });
      return value;
    },
    async set(key, value) {
      const known = ours.get(key);
      ours.set(key, { value, onDisk: known?.onDisk ?? false });
      if (known && !known.onDisk) return;
      const onDisk = await (prepared ??= prepare(directory))
        .then(() => put(fileOf(key), value, known !== undefined))
        .catch(() => false);
      ours.set(key, { value, onDisk });
    },
    async delete(key) {
      const known = ours.get(key) ??
        { onDisk: await take(fileOf(key)).then((value) => value !== undefined, () => false) };
      ours.delete(key);
      if (known.onDisk) await rm(fileOf(key), { force: true }).catch(() => {});
    },
  };
}

/** Makes the directory, and removes files that are too old. */
async function prepare(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  for (const name of await readdir(directory)) {
    const file = join(directory, name);
    const age = await stat(file).then(({ mtimeMs }) => Date.now() - mtimeMs, () => 0);
    if (age > longestKept) await rm(file, { force: true });
  }
}

/** Takes over a file and gives its value; undefined if there is no file, or its owner is alive. */
async function take(file: string): Promise<string | undefined> {
  const { owner, touched } = await read(file);
  if (!isSameProcess(owner, await thisOwner()) && await isAlive(owner, touched)) return undefined;
  // If several processes try this at once, only one of them can rename the file.
  const taken = temporaryFor(file);
  await rename(file, taken);
  try {
    const { value } = await read(taken);
    return value !== undefined && await put(file, value, false) ? value : undefined;
  } finally {
    await rm(taken, { force: true });
  }
}

/**
 * Writes a file whole or not at all. Only a file that is `ours` is replaced; gives whether it was written. It is not flushed:
 * after a power cut it may hold nothing, and the upload is begun anew.
 */
async function put(file: string, value: string, ours: boolean): Promise<boolean> {
  const temporary = temporaryFor(file);
  try {
    const text = JSON.stringify({ ...await thisOwner(), value });
    await writeFile(temporary, text, { flag: "wx", mode: 0o600 });
    await (ours ? rename : link)(temporary, file);
    return true;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function read(
  file: string,
): Promise<{ owner: Owner | undefined; value: string | undefined; touched: number }> {
  const text = await readFile(file, "utf8");
  const { mtimeMs } = await stat(file);
  return { owner: parseOwner(text), value: valueIn(text), touched: mtimeMs };
}

function valueIn(text: string): string | undefined {
  try {
    const { value } = JSON.parse(text);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

function temporaryFor(file: string): string {
  return `${file}.${randomUUID()}.tmp`;
}
