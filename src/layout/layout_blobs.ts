import { BlobDirectory } from "../disk/blob_directory.ts";
import { Documents } from "./documents.ts";
import type { IndexFile } from "./index_file.ts";
import { Ingests } from "../disk/ingests.ts";
import type { GantryDirectory } from "../disk/gantry_directory.ts";

/** The blobs of a layout, or of several that share them: what is known of them, and what is being written. */
export class LayoutBlobs {
  readonly state: GantryDirectory;
  readonly blobs: BlobDirectory;
  readonly documents: Documents;
  readonly sessions: Ingests;
  /**
   * Every index.json that refers to the blobs, nothing when that is not known. Where there may be several, a manifest
   * is in a repository only when its index.json leads there, as its file may be another's.
   */
  readonly indexes: (() => Promise<IndexFile[]>) | undefined;
  readonly shared: boolean;
  /** How many manifests that have lost their last name stay listed. Default: all. */
  readonly mostUnnamed: number | undefined;

  constructor(
    blobs: string,
    state: GantryDirectory,
    indexes: {
      all: (() => Promise<IndexFile[]>) | undefined;
      shared: boolean;
      mostUnnamed?: number | undefined;
    },
  ) {
    this.state = state;
    this.blobs = new BlobDirectory(blobs, state);
    this.documents = new Documents(this.blobs);
    this.sessions = new Ingests(this.blobs);
    this.indexes = indexes.all;
    this.shared = indexes.shared;
    this.mostUnnamed = indexes.mostUnnamed;
  }
}
