import { fchmodSync, mkdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import process from "node:process";
import { makeDirectory, syncDirectory } from "../../disk/directory.ts";
import { errno } from "../../disk/errors.ts";
import { type Held, Lock, type LockOptions } from "../../disk/lock.ts";
import { GantryError } from "../../errors.ts";
import { canFlushAtOnce, flushAtOnce } from "./flush.ts";
import { OpenDirectory } from "./open_directory.ts";
import { ownersSuffix } from "./owners.ts";

/** What is behind the name of a directory that is not whole yet. */
export const incompleteSuffix = ".incomplete";

const lockFile = /^lock\.\d+$/;
/** What the making of a lock leaves when it is killed. */
const lockInTheMaking = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** What else there is in a directory to work in; under a lock only. */
const work = ["content", "root", ownersSuffix];

/**
 * A directory in the making. Until it is whole all lies beside it, in one that has its name with `.incomplete` behind it
 * and that only we may enter; then it is renamed. What a process that was killed has left there, the next one removes.
 */
export class Incomplete implements AsyncDisposable {
  /** The directory to be, as it was asked for. */
  readonly directory: string;
  /** What it is in. */
  readonly #parent: OpenDirectory;
  readonly #name: string;
  readonly #work: OpenDirectory;
  readonly #lock: Held;
  /** Whether each file and directory must be flushed when it is written, as this system cannot flush all of them at once. */
  flushesEach = false;

  private constructor(
    directory: string,
    { parent, work, lock }: { parent: OpenDirectory; work: OpenDirectory; lock: Held },
  ) {
    this.directory = directory;
    this.#name = basename(resolve(directory));
    this.#parent = parent;
    this.#work = work;
    this.#lock = lock;
  }

  /**
   * Begins one.
   *
   * @throws {GantryError} `conflict` when another process is at it, and does not end in time.
   */
  static async begin(directory: string, options: LockOptions = {}): Promise<Incomplete> {
    const path = resolve(directory);
    await makeDirectory(dirname(path));
    const parent = OpenDirectory.open(dirname(path));
    try {
      const incomplete = new Incomplete(directory, {
        parent,
        ...await takeWork(parent, `${basename(path)}${incompleteSuffix}`, directory, options),
      });
      try {
        incomplete.#clear();
        incomplete.flushesEach = !await canFlushAtOnce();
        return incomplete;
      } catch (error) {
        await incomplete.#end().catch(() => {});
        throw error;
      }
    } catch (error) {
      parent.close();
      throw error;
    }
  }

  /** Makes a directory to work in; all of them go in the end, but the one that is finished. */
  make(name: string): OpenDirectory {
    return this.#work.make(name);
  }

  /** A file beside what is finished: its name is that of the directory and a suffix. It comes just before it. */
  writeBeside(suffix: string, text: string): void {
    this.#work.write(suffix, text);
    this.#work.move(suffix, this.#parent, `${this.#name}${suffix}`);
  }

  /** Gives a directory that was made here the final name, for good: what is in it is flushed before. */
  async finish(name: string, directory: OpenDirectory): Promise<void> {
    const flushed = this.flushesEach ? undefined : await flushAtOnce(dirname(resolve(this.directory)));
    if (flushed?.ok === false) {
      throw new GantryError(
        "storage",
        `unpack to ${JSON.stringify(this.directory)}: cannot flush the disk: ${flushed.message}`,
      );
    }
    this.refuseOther();
    const { mode, ino } = directory.self();
    try {
      this.#work.move(name, this.#parent, this.#name);
    } catch (error) {
      // Who may not write to a directory may not move it either, and its mode is what the image wants.
      if (errno(error) !== "EACCES") throw error;
      fchmodSync(directory.fd, 0o700);
      this.#work.move(name, this.#parent, this.#name);
      fchmodSync(directory.fd, Number(mode & 0o7777n));
    }
    if (this.#parent.stat(this.#name)?.ino === ino) return await syncDirectory(`${this.#parent.at()}`);
    throw new GantryError(
      "conflict",
      `unpack to ${JSON.stringify(this.directory)}: another process put something in its place`,
    );
  }

  /** Takes what has the final name in here, to be removed with all else. */
  takeBack(): void {
    const there = [[this.#name, "root"], [`${this.#name}${ownersSuffix}`, ownersSuffix]] as const;
    for (const [name, as] of there) if (this.#parent.stat(name)) this.#parent.move(name, this.#work, as);
  }

  /** Removes what is left of the work. What cannot be removed stays, by its name as what it is, for the next one. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end().catch(() => {});
    this.#parent.close();
  }

  /**
   * Looks whether something is in the way.
   *
   * @throws {GantryError} `conflict` unless the directory is empty or not there.
   */
  refuseOther(): void {
    const there = this.#parent.stat(this.#name);
    if (!there) return;
    const what = JSON.stringify(this.directory);
    if (!there.isDirectory()) throw new GantryError("conflict", `unpack to ${what}: not a directory`);
    const directory = this.#parent.enter(this.#name);
    const names = directory.names();
    directory.close();
    if (names.length > 0) throw new GantryError("conflict", `unpack to ${what}: directory not empty`);
  }

  /** Removes all but the lock. */
  #clear(): void {
    for (const name of this.#work.names()) if (!lockFile.test(name)) this.#work.remove(name);
  }

  async #end(): Promise<void> {
    try {
      this.#clear();
    } finally {
      await this.#lock.release();
      this.#work.close();
    }
    // Another process may have begun there.
    this.#parent.removeEmpty(`${this.#name}${incompleteSuffix}`);
  }
}

/** Makes the directory to work in, or takes that of a process that has died. */
async function takeWork(
  parent: OpenDirectory,
  name: string,
  directory: string,
  options: LockOptions,
): Promise<{ work: OpenDirectory; lock: Held }> {
  for (let tries = 1;; tries++) {
    let work: OpenDirectory | undefined;
    try {
      work = ours(parent, name, directory);
      const lock = await take(work, directory, options);
      if (parent.stat(name)?.ino === work.self().ino) return { work, lock };
      await lock.abandon();
    } catch (error) {
      // Whoever finishes at this moment takes the directory away.
      if (errno(error) !== "ENOENT" || tries > 20) {
        work?.close();
        throw error;
      }
    }
    work?.close();
  }
}

function ours(parent: OpenDirectory, name: string, directory: string): OpenDirectory {
  try {
    mkdirSync(parent.at(name), { mode: 0o700 });
  } catch (error) {
    if (errno(error) !== "EEXIST") throw error;
  }
  const refuse = (): never => {
    const beside = JSON.stringify(name);
    throw new GantryError(
      "conflict",
      `unpack to ${JSON.stringify(directory)}: ${beside} is not ours; remove it`,
    );
  };
  if (parent.stat(name)?.isDirectory() === false) refuse();
  const made = parent.enter(name);
  if (process.getuid && made.self().uid !== BigInt(process.getuid())) {
    made.close();
    refuse();
  }
  // Somebody else may have a directory of that name, and what is in there would be lost.
  const names = made.names().filter((name) => !lockInTheMaking.test(name));
  const isLocked = names.some((name) => lockFile.test(name));
  if (names.some((name) => !lockFile.test(name) && !(isLocked && work.includes(name)))) {
    made.close();
    refuse();
  }
  fchmodSync(made.fd, 0o700);
  return made;
}

async function take(
  work: OpenDirectory,
  directory: string,
  { wait = 0, signal }: LockOptions,
): Promise<Held> {
  const path = work.at().toString();
  const lock = new Lock(path, async () => {
    const temporary = `${path}/${crypto.randomUUID()}`;
    return { path: temporary, file: await open(temporary, "wx") };
  });
  try {
    return await lock.take({ wait, signal });
  } catch (error) {
    if (!GantryError.is(error, "conflict")) throw error;
    throw new GantryError("conflict", `unpack to ${JSON.stringify(directory)}: another process is at it`, {
      cause: error,
    });
  }
}
