import type { Bytes } from "../bytes.ts";
import type { PaxRecords, TarTime } from "./pax.ts";

/** What an entry is. `other` are vendors' types and GNU's multi-volume and dump records: `typeflag` tells which. */
export type TarType =
  | "file"
  | "directory"
  | "symlink"
  | "hardlink"
  | "character-device"
  | "block-device"
  | "fifo"
  | "other";

/** What is known of an item besides its name and content. Nothing here depends on the clock or the machine. */
export interface TarOptions {
  /** Permission bits. Default: 0o755 for directories, 0o777 for symlinks, 0o644 for the rest. */
  mode?: number | undefined;
  /** Owner's number. Default: 0. */
  uid?: number | undefined;
  /** Group's number. Default: 0. */
  gid?: number | undefined;
  /** Owner's name. Default: none. */
  uname?: string | undefined;
  /** Group's name. Default: none. */
  gname?: string | undefined;
  /** When the content changed, in whole seconds since 1970. Default: 0. */
  mtime?: number | undefined;
  /** And nanoseconds, 0 to 999,999,999. */
  nanoseconds?: number | undefined;
  /** A device's major number; a string is octal, as in `@std/tar`. */
  devmajor?: number | string | undefined;
  /** A device's minor number; a string is octal, as in `@std/tar`. */
  devminor?: number | string | undefined;
  /** Further PAX records, such as `SCHILY.xattr.security.capability`; not those that have a field of their own. */
  pax?: ReadonlyMap<string, Uint8Array> | undefined;
}

/** Something to put in a tar. `TarStreamInput` of `@std/tar` is one. */
export interface TarItem {
  /** What it is. */
  type: TarType;
  /** Its name in the archive. Directories' names end in a slash by custom. */
  path: string;
  /** How many bytes `readable` gives. Default: 0. */
  size?: number | undefined;
  /** The content of a file. */
  readable?: ReadableStream<Uint8Array> | undefined;
  /** Where a symlink points, or the path of the entry that a hard link shares its content with. */
  linkname?: string | undefined;
  /** The rest. */
  options?: TarOptions | undefined;
}

/**
 * An entry of a tar that is being read. It cannot be changed, so that `writeTar` can write it byte for byte as it was;
 * {@link TarEntry.with} makes an item that can.
 */
export interface TarEntry extends TarItem {
  /** What it is. */
  readonly type: TarType;
  /** The character that tells the type in the header. */
  readonly typeflag: string;
  /** Its name as the archive has it: nothing is cleaned. See `decodeName` for names that are not UTF-8. */
  readonly path: string;
  /** Its name's bytes. */
  readonly pathBytes: Bytes;
  /** Where a symlink points, or the path of the entry that a hard link shares its content with; most others have none. */
  readonly linkname: string;
  /** The bytes of {@link TarEntry.linkname}. */
  readonly linknameBytes: Bytes;
  /** How many bytes {@link TarEntry.readable} gives; 0 for everything without content, whatever the header says. */
  readonly size: number;
  /** Permission bits, and whatever else the header has in this field. */
  readonly mode: number;
  /** Owner's number. */
  readonly uid: number;
  /** Group's number. */
  readonly gid: number;
  /** Owner's name. */
  readonly uname: string;
  /** Group's name. */
  readonly gname: string;
  /** When the content changed. */
  readonly mtime: TarTime;
  /** When the content was last read, where the header tells. */
  readonly atime: TarTime | undefined;
  /** When the inode last changed, where the header tells. */
  readonly ctime: TarTime | undefined;
  /** A device's major number; 0 for others. */
  readonly devmajor: number;
  /** A device's minor number; 0 for others. */
  readonly devminor: number;
  /** The PAX records of this entry, all of them, the fields' included. Extended attributes are `SCHILY.xattr.*`. */
  readonly pax: PaxRecords;
  /** The global PAX records before this entry. They are not applied to it, as in Docker, containerd and Podman. */
  readonly globals: PaxRecords;
  /** The header as the archive has it: extension headers, the header block, blocks that continue a sparse map. */
  readonly header: Bytes;
  /**
   * The content; empty for everything without. To be read while the reader stands at this entry: what is left of it
   * is skipped when the next one is asked for or the loop is left, and the stream ends in a `consumed` error then.
   */
  readonly readable: ReadableStream<Bytes>;
  /**
   * What follows the header up to the next one: the content, of sparse files only the data, and padding. Only one of
   * this and {@link TarEntry.readable} can be read.
   */
  readonly stored: ReadableStream<Bytes>;
  /** The item's options as `writeTar` and `@std/tar` know them. */
  readonly options: TarOptions;
  /**
   * The same entry with changes, as an item whose header is made anew when it is written.
   *
   * @example
   * ```ts
   * import { readTar, type TarItem, writeTar } from "@gantry/oci/tar";
   *
   * async function* moved(tar: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<TarItem> {
   *   for await (const entry of readTar(tar)) yield entry.with({ path: `app/${entry.path}` });
   * }
   * console.log(writeTar(moved(writeTar([]))));
   * ```
   */
  with(changes: Partial<TarItem>): TarItem;
}
