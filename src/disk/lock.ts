import type { FileHandle } from "node:fs/promises";
import { link, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { utf8 } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { errno, ifThere } from "./errors.ts";
import { writeAll } from "./files.ts";
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
 * highest is the holder's. Whoever finds it released, or its holder dead, makes the next one, which only one can
 * make, looks again and holds the lock if its number is still the highest.
 *
 * The highest ticket is never removed, so the highest number never falls. A process that finds ticket 7 released, and
 * sleeps while others move on to 9, may still make an 8, as that is gone by then; but it sees the 9 when it looks again.
 */
export class Lock {
  readonly #directory: string;
  readonly #temporary: () => Promise<string>;

  /** `temporary` names files that do not exist yet, on the same disk. */
  constructor(directory: string, temporary: () => Promise<string>) {
    this.#directory = directory;
    this.#temporary = temporary;
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

  /** Who holds the lock by this ticket, "unknown" when somebody does; nothing when it is free to take. */
  async #holder(ticket: number): Promise<Owner | "unknown" | undefined> {
    if (ticket === 0) return undefined;
    const path = this.#path(ticket);
    const [text, facts] = [await ifThere(readFile(path, "utf8")), await ifThere(stat(path))];
    if (text === undefined || !facts) return "unknown"; // removed, so a higher one is there
    if (text.startsWith("-")) return undefined;
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
      const tickets = await this.#tickets();
      if (Math.max(...tickets) === ticket) {
        for (const lower of tickets) if (lower < ticket) await rm(this.#path(lower), { force: true });
        return held;
      }
      await rm(path, { force: true });
      await held.abandon();
      return undefined;
    } catch (error) {
      await held.release();
      throw error;
    }
  }

  /** Makes a ticket that is whole from the start, where there is none of that number. */
  async #create(path: string): Promise<FileHandle | undefined> {
    const record = utf8(`${JSON.stringify(await thisOwner())}\n`);
    const temporary = await this.#temporary();
    const file = await open(temporary, "wx");
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

  #taken(ticket: number, holder: Owner | "unknown" | undefined): GantryError {
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
        // Through the open file: the name may be another's by now, if we were taken for dead.
        await file.write(utf8("-"), 0, 1, 0);
      } catch {
        await rm(path, { force: true }); // a disk that takes not even one byte
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
