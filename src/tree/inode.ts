import type { TarTime, TarType } from "../tar/mod.ts";

/** What a layer has under a name, and hard links share. */
export interface Inode {
  type: TarType;
  /** Bytes of content. */
  size: number;
  mode: number;
  uid: number;
  gid: number;
  mtime: TarTime | number;
  devmajor: number;
  devminor: number;
  /** Where a link points. */
  linkname: string;
  /** The layer it is in, from 0 at the base. */
  layer: number;
  /** Its name in the layer's tar, as it is written there. */
  path: string;
  /** Where its headers begin in that tar. */
  start: number;
  /** Where what follows the headers begins. */
  content: number;
  /** Where the next entry's headers begin. */
  end: number;
  /** Whether its headers also speak of entries that follow it. */
  global: boolean;
  /** What its content hashes to, where that was asked for. */
  digest: string | undefined;
  /** Whether there are hard links to it. */
  shared: boolean;
}
