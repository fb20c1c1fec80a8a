import type { Part } from "../content/contracts.ts";
import type { EditedIndexEntry } from "./index_edit.ts";

/** An entry with another part in its place: what the index says of it besides stays. */
export function replacedEntry({ index, ...entry }: EditedIndexEntry, part: Part): EditedIndexEntry {
  return { ...entry, part, replaces: index ?? entry.replaces };
}
