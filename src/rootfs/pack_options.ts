import type { RecordedOwner } from "./unpack/owners.ts";

/** How to pack a directory. */
export interface PackOptions {
  /**
   * Who owns everything. Default: 0:0. `keep` takes the numbers from the disk; a map has those of some paths, as `unpack`
   * has recorded them.
   */
  owner?: { uid: number; gid: number } | "keep" | ReadonlyMap<string, RecordedOwner> | undefined;
  /** When everything changed, in seconds since 1970. Default: 0. `keep` takes whole seconds from the disk. */
  mtime?: number | "keep" | undefined;
  /**
   * What is left out, by its path in the archive: true for all of a directory, `"itself"` where what is in it is to be
   * asked for. Default: nothing.
   */
  skip?: ((path: string) => boolean | "itself") | undefined;
  /** Is told of what a tar cannot hold: sockets. */
  onSkip?: ((path: string, reason: string) => void) | undefined;
  /** Ends the packing. */
  signal?: AbortSignal | undefined;
}
