import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import process from "node:process";
import { ifThere } from "../../disk/errors.ts";
import { GantryError } from "../../errors.ts";
import type { Inode } from "../../tree/inode.ts";
import type { IdMapping, IdMappings, UnpackOptions } from "./options.ts";

/** What the file has behind the directory's name. */
export const ownersSuffix = ".owners.json";

/** The largest number of a user or group; one more means nobody in particular. */
const largest = 0xffff_fffe;
/** The bits of a mode that make a program run as its owner or group. */
export const setIDs = 0o6000;

/** What is known of a file besides its type and content. */
export type Facts = Pick<Inode, "path" | "uid" | "gid" | "mode" | "mtime">;

/** What a file beside an unpacked directory says of one path in it. */
export interface RecordedOwner {
  /** Owner's number in the image. */
  uid: number;
  /** Group's number in the image. */
  gid: number;
  /** Permission bits in the image, where they are others on the disk. */
  mode?: number;
  /** Whether it is not on the disk, as it could not be made. */
  missing?: boolean;
}

/** Who owns what on the disk. */
export class Owners {
  readonly #how: "keep" | "record" | IdMappings;
  readonly #self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  /** What the image says, by path, where the disk says something else. */
  readonly recorded = new Map<string, RecordedOwner>();

  constructor(how: UnpackOptions["owners"]) {
    this.#how = how ?? (this.#self.uid === 0 ? "keep" : "record");
  }

  get areRecorded(): boolean {
    return this.#how === "record";
  }

  /** The owner on the disk; nothing where it is whoever unpacks. */
  of({ uid, gid, path }: Facts): { uid: number; gid: number } | undefined {
    if (this.#how === "record") return undefined;
    const [user, group] = this.#how === "keep"
      ? [valid(uid, path), valid(gid, path)]
      : [mapped(uid, this.#how.uids, path), mapped(gid, this.#how.gids, path)];
    return user === this.#self.uid && group === this.#self.gid ? undefined : { uid: user, gid: group };
  }

  /** The mode on the disk. What runs as its owner must not run as another one. */
  mode(mode: number): number {
    return mode & (this.#how === "record" ? 0o7777 & ~setIDs : 0o7777);
  }

  /** Notes what the disk does not say of a path. What is not noted is the superuser's. */
  note(path: string, { uid, gid, mode }: Facts, missing = false): void {
    if (this.#how !== "record") return;
    const lost = (mode & setIDs) !== 0;
    if (uid === 0 && gid === 0 && !lost && !missing) return;
    const more = { ...(lost && { mode: mode & 0o7777 }), ...(missing && { missing }) };
    this.recorded.set(path, { uid, gid, ...more });
  }
}

/**
 * The owners that {@link unpack} has recorded for a directory; nothing where it has not.
 *
 * @throws {GantryError} `invalid-document` when the file is not what was written there.
 */
export async function recordedOwners(directory: string): Promise<Map<string, RecordedOwner> | undefined> {
  const path = `${resolve(directory)}${ownersSuffix}`;
  const text = await ifThere(readFile(path, "utf8"));
  if (text === undefined) return undefined;
  try {
    return new Map(Object.entries(JSON.parse(text) as Record<string, RecordedOwner>));
  } catch (cause) {
    throw new GantryError("invalid-document", `read ${JSON.stringify(path)}: no owners of files`, { cause });
  }
}

function valid(id: number, path: string): number {
  if (id >= 0 && id <= largest) return id;
  throw new GantryError("invalid-archive", `unpack ${JSON.stringify(path)}: ${id} is no number of an owner`);
}

function mapped(id: number, mappings: readonly IdMapping[], path: string): number {
  for (const { container, host, size } of mappings) {
    if (id >= container && id < container + size) return valid(host + id - container, path);
  }
  throw new GantryError(
    "unsupported",
    `unpack ${JSON.stringify(path)}: owner ${id} is in none of the mappings`,
  );
}
