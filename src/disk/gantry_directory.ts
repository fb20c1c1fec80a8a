import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Held, Lock, type LockOptions } from "./lock.ts";

/** How much room is kept for collecting garbage on a full disk, in bytes. */
const reserved = 16 * 1024;

/** The directory in which Gantry keeps what is not part of a layout: `.gantry`. It comes with the first write. */
export class GantryDirectory {
  readonly directory: string;
  readonly #lock: Lock;

  constructor(directory: string) {
    this.directory = directory;
    this.#lock = new Lock(directory, () => this.temporary());
  }

  /** A path for a new temporary file. */
  async temporary(): Promise<string> {
    const directory = join(this.directory, "tmp");
    await mkdir(directory, { recursive: true });
    return join(directory, randomUUID());
  }

  /** Does something that no other process may do at the same time. */
  async locked<T>(work: () => Promise<T>, options: LockOptions): Promise<T> {
    const held: Held = await this.#lock.take(options);
    try {
      return await work();
    } finally {
      await held.release();
    }
  }

  /** Keeps some room on the disk, if there is any. */
  async keepRoom(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    await writeFile(this.#reserve, new Uint8Array(reserved)).catch(() => {});
  }

  /** Gives that room up, for the lock that is needed to make more. */
  async useRoom(): Promise<void> {
    await rm(this.#reserve, { force: true });
  }

  get #reserve(): string {
    return join(this.directory, "reserve");
  }
}

/** The directory for Gantry's own files in another. */
export function gantryDirectoryIn(directory: string): string {
  return join(directory, ".gantry");
}
