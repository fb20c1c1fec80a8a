import type { Options } from "../content/contracts.ts";
import type { IndexManifest } from "../spec/manifest.ts";
import type { IndexEntry } from "./index_body.ts";

/**
 * One change to an index. As with an `Edit` of an image, what it does not name stays byte for byte, and nothing
 * is called before somebody asks for an answer that depends on it.
 */
export interface IndexEdit {
  /** What the media type of the index becomes. Those of its images are theirs. */
  mediaType?(mediaType: string): string;
  /** The entries of the new index. The list in the index follows from them. */
  entries?(
    entries: readonly EditedIndexEntry[],
    options: Options,
  ): readonly EditedIndexEntry[] | Promise<readonly EditedIndexEntry[]>;
  /** Changes the index in place. Its list of manifests is that of the new entries already. */
  manifest?(index: IndexManifest, context: IndexEditContext): void | Promise<void>;
}

/** An entry in the list that an edit changes. */
export interface EditedIndexEntry extends IndexEntry {
  /** Where it is in the index below, from 0, which has its descriptor; none for a new entry. */
  readonly index?: number | undefined;
  /** Which entry of the index below a new one takes the place of: what the index says of it besides stays. */
  readonly replaces?: number | undefined;
}

/** What an edit may want to know as it changes an index. */
export interface IndexEditContext extends Options {
  /** The entries of the index below. */
  readonly before: readonly EditedIndexEntry[];
  /** The entries of the new index. */
  readonly entries: readonly EditedIndexEntry[];
}
