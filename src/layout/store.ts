import { Blobs } from "../disk/blob_directory.ts";
import { Documents } from "./documents.ts";
import type { IndexFile } from "./index_file.ts";
import { Sessions } from "../disk/ingests.ts";
import type { State } from "../disk/gantry_directory.ts";

/** Blobs, what is known of them, and what is on its way to them. */
export class Store {
  readonly state: State;
  readonly blobs: Blobs;
  readonly documents: Documents;
  readonly sessions: Sessions;
  /**
   * Every index.json that refers to the blobs, nothing when that is not known. Where there may be several, a manifest
   * is in a repository only when its index.json leads there, as its file may be another's.
   */
  readonly indexes: (() => Promise<IndexFile[]>) | undefined;
  readonly shared: boolean;

  constructor(
    blobs: string,
    state: State,
    indexes: { all: (() => Promise<IndexFile[]>) | undefined; shared: boolean },
  ) {
    this.state = state;
    this.blobs = new Blobs(blobs, state);
    this.documents = new Documents(this.blobs);
    this.sessions = new Sessions(this.blobs);
    this.indexes = indexes.all;
    this.shared = indexes.shared;
  }
}
