import { stat } from "node:fs/promises";
import { ifThere } from "../disk/errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";

/** How many bytes of index.json files are remembered. */
const mostBytes = 64 * 1024 * 1024;
/** Milliseconds after a change for which another may have the same time: disks count in steps of some milliseconds. */
const tick = 100;

/** What a file is at some moment: replaced or written, it is another. */
export interface FileVersion {
  readonly id: string;
  readonly bytes: number;
  /** Whether a later version cannot look like this one. */
  readonly isSettled: boolean;
}

/** The version of a file that is there. */
export async function versionOf(path: string): Promise<FileVersion | undefined> {
  const found = await ifThere(stat(path, { bigint: true }));
  return found && {
    id: [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(),
    bytes: Number(found.size),
    isSettled: Date.now() - Number(found.mtimeMs) > tick,
  };
}

interface Kept {
  readonly version: FileVersion;
  readonly entries: readonly Descriptor[];
}

/** What was parsed of index.json files, while they do not change. */
export class ListingCache {
  /** Those that were asked for last are last. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  get(path: string, { id }: FileVersion): readonly Descriptor[] | undefined {
    const found = this.#kept.get(path);
    if (!found) return undefined;
    this.#forget(path, found);
    if (found.version.id !== id) return undefined;
    this.#keep(path, found);
    return found.entries;
  }

  put(path: string, version: FileVersion, entries: readonly Descriptor[]): void {
    if (!version.isSettled || version.bytes > mostBytes) return;
    const before = this.#kept.get(path);
    if (before) this.#forget(path, before);
    this.#keep(path, { version, entries });
    for (const [other, one] of this.#kept) {
      if (this.#bytes <= mostBytes) return;
      this.#forget(other, one);
    }
  }

  #keep(path: string, one: Kept): void {
    this.#kept.set(path, one);
    this.#bytes += one.version.bytes;
  }

  #forget(path: string, one: Kept): void {
    this.#kept.delete(path);
    this.#bytes -= one.version.bytes;
  }
}
