import { randomUUID } from "node:crypto";
import { mkdir, open, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { namesIn } from "./directory.ts";
import { errno, ifThere } from "./errors.ts";
import { type Held, Lock, type LockOptions } from "./lock.ts";
import type { TemporaryFile } from "./replace.ts";

/** How much room is kept for collecting garbage on a full disk, in bytes. */
const reserved = 16 * 1024;

/**
 * The directory in which Gantry keeps what is not part of a layout: `.gantry`. It comes with the first write, and goes
 * when nobody is writing and nothing is left to be continued.
 */
export class GantryDirectory {
  readonly directory: string;
  readonly #lock: Lock;
  #holders = 0;

  constructor(directory: string) {
    this.directory = directory;
    this.#lock = new Lock(directory, () => this.createTemporary());
  }

  /** Makes a temporary file. */
  async createTemporary(): Promise<TemporaryFile> {
    const directory = join(this.directory, "tmp");
    for (let tries = 1;; tries++) {
      const path = join(directory, randomUUID());
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

  /** Keeps some room on the disk, if there is any, for whoever removes what is left to be continued. */
  async keepRoom(): Promise<void> {
    await writeFile(this.#reserve, new Uint8Array(reserved), { flag: "wx" }).catch(() => {});
  }

  /** Gives that room up, for the lock that is needed to make more. */
  async useRoom(): Promise<void> {
    await rm(this.#reserve, { force: true });
  }

  get #reserve(): string {
    return join(this.directory, "reserve");
  }

  /** Removes the directory unless something is in it. Others who make a file in it at this moment make it anew. */
  async #tidy(): Promise<void> {
    const remove = (directory: string) => rmdir(directory).catch(() => {});
    await Promise.all(["tmp", "ingest", "leases", "trash"].map((name) => remove(join(this.directory, name))));
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
