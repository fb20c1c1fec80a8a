import type { Inode } from "../../tree/inode.ts";

/** A name that is to be on the disk. The nodes of a merged tree are such. */
export interface Planned {
  /** What is under the name; nothing for a directory that no layer has an entry for, and for a whiteout. */
  readonly inode: Inode | undefined;
  /** What is in a directory; undefined for all else. */
  readonly children: ReadonlyMap<string, Planned> | undefined;
  /** Whether it stands, in one layer by itself, for a name of those below that is not to be seen. */
  readonly whiteout?: boolean;
}

/** All that is below one, without an order. */
export function* plannedBelow(planned: Planned): Generator<Planned, void, void> {
  const waiting = [planned];
  for (let at = waiting.pop(); at; at = waiting.pop()) {
    for (const child of at.children?.values() ?? []) {
      yield child;
      if (child.children) waiting.push(child);
    }
  }
}
