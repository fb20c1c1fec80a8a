import type { FileHandle } from "node:fs/promises";
import { link, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { utf8 } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { errno, ifThere } from "./errors.ts";
import { writeAll } from "./files.ts";
import type { TemporaryFile } from "./replace.ts";
import { heartbeat, isAlive, type Owner, parseOwner, thisOwner } from "./process_identity.ts";

/** A lock that is held. */
export interface Held {
  /** Lets others have it. */
  release(): Promise<void>;
  /** Forgets it: the directory it was in is gone, and whatever has that name now is another's. */
  abandon(): Promise<void>;
}

/** How to wait for a lock. */
export interface LockOptions {
  /** Most milliseconds to wait. Default: a minute. */
  wait?: number | undefined;
  /** Ends the waiting. */
  signal?: AbortSignal | undefined;
}

const ticketName = /^lock\.([1-9]\d{0,14})$/;
/** What no hard links can be made for: FAT, exFAT, some network disks. */
const noLinks = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

/**
 * A lock between processes, made of files, as Node has no other: numbered tickets `lock.1`, `lock.2`, …, of which the
 * highest is the holder's, who removes it at the end. Whoever finds none, or its holder dead, makes the next one, which
 * only one can make, looks again and holds the lock if its number is the highest and no other holder lives.
 *
 * Numbers start anew when nobody holds the lock. So a process P that finds ticket 7 of a dead holder, and sleeps while
 * another takes 8 and releases it, may make an 8 while Q holds a 1. Either P sees the 1 when it looks again, or Q, who
 * looks again later, sees the 8: never do both believe that they hold the lock.
 */
export class Lock {
  readonly #directory: string;
  readonly #createTemporary: () => Promise<TemporaryFile>;

  /** `createTemporary` makes files on the same disk. */
  constructor(directory: string, createTemporary: () => Promise<TemporaryFile>) {
    this.#directory = directory;
    this.#createTemporary = createTemporary;
  }

  /** Takes the lock; `conflict` when it cannot be had in time. */
  async take(options: LockOptions = {}): Promise<Held> {
    const { wait = 60_000, signal } = options;
    const end = performance.now() + wait;
    for (let pause = 2;; pause = Math.min(pause * 1.5, 50)) {
      signal?.throwIfAborted();
      const highest = await this.#highest();
      const holder = await this.#holder(highest);
      const held = holder ? undefined : await this.#make(highest + 1);
      if (held) return held;
      if (performance.now() >= end) throw this.#taken(highest, holder);
      // All who wait look again at different times, so that one of them gets on.
      await setTimeout(pause * (0.5 + Math.random()), undefined, signal && { signal }).catch(() => {});
    }
  }

  /** Whether a living process holds it. */
  async isHeld(): Promise<boolean> {
    return await this.#holder(await this.#highest()) !== undefined;
  }

  async #highest(): Promise<number> {
    return Math.max(0, ...await this.#tickets());
  }

  async #tickets(): Promise<number[]> {
    const names = await ifThere(readdir(this.#directory)) ?? [];
    return names.flatMap((name) => Number(ticketName.exec(name)?.[1] ?? [])).filter((number) => number > 0);
  }

  #path(ticket: number): string {
    return join(this.#directory, `lock.${ticket}`);
  }

  /** Who holds the lock by this ticket, "unknown" when somebody does; nothing when its holder is dead. */
  async #holder(ticket: number): Promise<Owner | "unknown" | "gone" | undefined> {
    if (ticket === 0) return undefined;
    const path = this.#path(ticket);
    const [text, facts] = [await ifThere(readFile(path, "utf8")), await ifThere(stat(path))];
    if (text === undefined || !facts) return "gone"; // released: look again
    const owner = parseOwner(text);
    return await isAlive(owner, facts.mtimeMs) ? owner ?? "unknown" : undefined;
  }

  /** Makes a ticket and holds the lock by it; nothing when somebody else was faster. */
  async #make(ticket: number): Promise<Held | undefined> {
    const path = this.#path(ticket);
    const file = await this.#create(path);
    if (!file) return undefined;
    const held = holding(file, path);
    try {
      const others = (await this.#tickets()).filter((other) => other !== ticket);
      const holders = await Promise.all(others.map((other) => other > ticket || this.#isHolder(other)));
      if (!holders.includes(true)) {
        for (const other of others) await rm(this.#path(other), { force: true });
        return held;
      }
      await held.release();
      return undefined;
    } catch (error) {
      await held.release();
      throw error;
    }
  }

  /** Whether this ticket is there and its holder alive. */
  async #isHolder(ticket: number): Promise<boolean> {
    const holder = await this.#holder(ticket);
    return holder !== undefined && holder !== "gone";
  }

  /** Makes a ticket that is whole from the start, where there is none of that number. */
  async #create(path: string): Promise<FileHandle | undefined> {
    const record = utf8(`${JSON.stringify(await thisOwner())}\n`);
    const { path: temporary, file } = await this.#createTemporary();
    try {
      await writeAll(file, record);
      await link(temporary, path);
      return file;
    } catch (error) {
      await file.close();
      if (errno(error) === "EEXIST") return undefined;
      if (noLinks.includes(errno(error) ?? "")) return await createInPlace(path, record);
      throw error;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  #taken(ticket: number, holder: Owner | "unknown" | "gone" | undefined): GantryError {
    const who = typeof holder === "object" ? `process ${holder.pid}` : "another process";
    return new GantryError("conflict", `lock ${this.#directory}: ${who} holds ${this.#path(ticket)}`);
  }
}

/** Until it is whole, others take its maker for alive by its age. */
async function createInPlace(path: string, record: Uint8Array): Promise<FileHandle | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, "wx");
  } catch (error) {
    if (errno(error) === "EEXIST") return undefined;
    throw error;
  }
  try {
    await writeAll(file, record);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

function holding(file: FileHandle, path: string): Held {
  const stop = heartbeat(file);
  return {
    async release() {
      stop();
      try {
        // Unless the name is another's by now, because we were taken for dead.
        const [ours, there] = [await file.stat(), await ifThere(stat(path))];
        if (there?.ino === ours.ino) await rm(path, { force: true });
      } finally {
        await file.close();
      }
    },
    async abandon() {
      stop();
      await file.close();
    },
  };
}
