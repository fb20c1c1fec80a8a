import { join } from "node:path";
import type { Target } from "../content/contracts.ts";
import type { Collected, CollectOptions } from "./gc.ts";
import { LayoutTarget } from "./target.ts";
import { IndexFile } from "./index_file.ts";
import { State } from "../disk/gantry_directory.ts";
import { stateIn } from "../disk/gantry_directory.ts";
import { Store } from "./store.ts";

/** How to open a layout. */
export interface LayoutOptions {
  /**
   * A directory of blobs (`sha256/…` and so on) that several layouts share, as skopeo's `--dest-shared-blob-dir`;
   * `blobs` in the layout unless told. Its garbage cannot be collected, as nobody knows all who use it.
   */
  blobs?: string | undefined;
}

/** An image layout, as {@link layout} opens it. */
export interface Layout extends Required<Omit<Target, "origins" | "complete">> {
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

/**
 * Opens an OCI image layout: a directory with images. Nothing is read before it is asked for; the first write makes the
 * directory a layout, if it is none yet. Several processes may use it at once, and may be killed at any moment.
 *
 * Names are the annotation `org.opencontainers.image.ref.name`, or containerd's full name; of several entries with one
 * name the first counts. A name that is given to another manifest leaves the old one in the layout without a name.
 * Manifests without a name are listed as well, unless an index that is listed leads to them; while a lease is held they
 * are listed at its end.
 *
 * @example
 * ```ts
 * import { copy } from "@gantry/oci/copy";
 * import { emptyImage } from "@gantry/oci/image";
 * import { layout } from "@gantry/oci/layout";
 *
 * const images = layout(await Deno.makeTempDir());
 * await copy(emptyImage(), images, { name: "empty" });
 * for await (const name of images.names()) console.log(name);
 * ```
 */
export function layout(directory: string, options: LayoutOptions = {}): Layout {
  const state = new State(stateIn(directory));
  const index = new IndexFile(directory, state);
  const store = options.blobs === undefined
    ? new Store(join(directory, "blobs"), state, { all: () => Promise.resolve([index]), shared: false })
    : new Store(options.blobs, new State(stateIn(options.blobs)), { all: undefined, shared: true });
  return new LayoutTarget(index, store);
}
