import { appendFile, mkdir, open, rmdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { GantryError } from "../errors.ts";
import { namesIn } from "./directory.ts";
import { errno, ifThere } from "./errors.ts";
import { type Held, Lock, type LockOptions } from "./lock.ts";
import type { TemporaryFile } from "./replace.ts";

/** How much room is kept for collecting garbage on a full disk while there are unfinished writes, in bytes. */
const reserved = 16 * 1024;

/**
 * The directory in which Gantry keeps what is not part of a layout: `.gantry`. It comes with the first write, and goes
 * when nobody is writing and nothing is left to be continued.
 */
export class GantryDirectory {
  readonly directory: string;
  readonly #lock: Lock;
  #holders = 0;
  #room = reserved;

  constructor(directory: string) {
    this.directory = directory;
    this.#lock = new Lock(directory, () => this.createTemporary());
  }

  /** Makes a temporary file. */
  async createTemporary(): Promise<TemporaryFile> {
    const directory = join(this.directory, "tmp");
    for (let tries = 1;; tries++) {
      const path = join(directory, crypto.randomUUID());
      try {
        return { path, file: await open(path, "ax") };
      } catch (error) {
        // It comes with the first file, and another process may remove it at any moment, also while it is made.
        if (errno(error) !== "ENOENT" || tries > 20) throw error;
        await ifThere(mkdir(directory, { recursive: true }));
      }
    }
  }

  /** Keeps the directory until the function that it gives is called. */
  hold(): () => Promise<void> {
    this.#holders++;
    let held = true;
    return async () => {
      if (!held) return;
      held = false;
      if (--this.#holders === 0) await this.#tidy();
    };
  }

  /** Does something that no other process may do at the same time. */
  async locked<T>(work: () => Promise<T>, options: LockOptions): Promise<T> {
    const end = this.hold();
    try {
      const held: Held = await this.#lock.take(options);
      try {
        return await work();
      } finally {
        await held.release();
      }
    } finally {
      await end();
    }
  }

  /** Keeps some room on the disk, as far as there is any, for what makes more: so much from now on, if that is said. */
  async keepRoom(size: number = this.#room): Promise<void> {
    this.#room = size;
    const there = (await ifThere(stat(this.#reserve)))?.size ?? 0;
    if (there < size) await appendFile(this.#reserve, new Uint8Array(size - there)).catch(() => {});
  }

  /** Gives that room up, for the lock that is needed to make more. Tells whether there was any. */
  async useRoom(): Promise<boolean> {
    return await ifThere(unlink(this.#reserve).then(() => true)) ?? false;
  }

  /** Does something that needs little room, on a full disk in the room that is kept. */
  async withRoom<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const isFull = GantryError.is(error, "storage") || ["ENOSPC", "EDQUOT"].includes(errno(error) ?? "");
      if (!isFull || !await this.useRoom()) throw error;
      return await work();
    }
  }

  get #reserve(): string {
    return join(this.directory, "reserve");
  }

  /** Removes the directory unless something is in it. Others who make a file in it at this moment make it anew. */
  async #tidy(): Promise<void> {
    const remove = (directory: string) => rmdir(directory).catch(() => {});
    await Promise.all(
      ["tmp", "ingest", "leases", "trash", "corrupt"].map((name) => remove(join(this.directory, name))),
    );
    const left = await namesIn(this.directory);
    if (left.some((name) => name !== "reserve")) return;
    if (left.length > 0) await this.useRoom();
    await remove(this.directory);
  }
}

/** The directory for Gantry's own files in another. */
export function gantryDirectoryIn(directory: string): string {
  return join(directory, ".gantry");
}
