import type { Target } from "../content/contracts.ts";
import type { Collected } from "../disk/gc_sweep.ts";
import type { CollectOptions } from "./gc.ts";

/** How to open a layout. */
export interface LayoutOptions {
  /**
   * A directory of blobs (`sha256/…` and so on) that several layouts share, as skopeo's `--dest-shared-blob-dir`.
   * Default: `blobs` in the layout. Its garbage cannot be collected, as nobody knows all who use it.
   */
  blobs?: string | undefined;
  /**
   * Takes blobs from another layout on the same disk without copying their bytes: by hard links, where the disk
   * can. What is written over the file of one layout is then seen in the other. Default: false.
   */
  link?: boolean | undefined;
}

/** An image layout, as {@link layout} opens it. */
export interface Layout
  extends Required<Omit<Target, "origins" | "complete" | "ordered" | "usage" | "presigned">> {
  /** Where it is. */
  readonly directory: string;
  /**
   * Collects garbage: removes the blobs to which index.json does not lead, what has been left of writes that never
   * ended, and what of dead processes. What somebody is writing meanwhile stays: all that a lease has seen, and all
   * that is younger than `grace`. Nothing is removed when a manifest cannot be trusted.
   *
   * @throws {GantryError} `digest-mismatch` or `invalid-document` for a manifest that is broken, `unsupported` when the
   * blobs are shared with other layouts, `storage`.
   */
  gc(options?: CollectOptions): Promise<Collected>;
}
