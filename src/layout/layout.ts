import { join } from "node:path";
import type { Layout, LayoutOptions } from "./types.ts";
import { LayoutTarget } from "./layout_target.ts";
import { IndexFile } from "./index_file.ts";
import { GantryDirectory } from "../disk/gantry_directory.ts";
import { gantryDirectoryIn } from "../disk/gantry_directory.ts";
import { LayoutBlobs } from "./layout_blobs.ts";

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
  const state = new GantryDirectory(gantryDirectoryIn(directory));
  const index = new IndexFile(directory, state);
  const store = options.blobs === undefined
    ? new LayoutBlobs(join(directory, "blobs"), state, { all: () => Promise.resolve([index]), shared: false })
    : new LayoutBlobs(options.blobs, new GantryDirectory(gantryDirectoryIn(options.blobs)), {
      all: undefined,
      shared: true,
    });
  return new LayoutTarget(index, store, { link: options.link });
}
