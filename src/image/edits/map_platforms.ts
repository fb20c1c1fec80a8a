import type { Edit } from "../edit.ts";
import type { Image } from "../image.ts";
import type { IndexEntry } from "../index_body.ts";
import type { IndexEdit } from "../index_edit.ts";
import { mapEntries, type MapPlatformsOptions } from "../map_entries.ts";

/**
 * Edits the images of an index, and of the indexes in it. Attestations that BuildKit puts beside an image stay where
 * the image is unchanged, and go where it is not: they are about other bytes. Signatures and other referrers stay with
 * the image that they are about in any case; an edited image has none. Where the edit changes the platform that the
 * config names, the index follows.
 *
 * @param edit The edit, or a function that gives the edited image; undefined leaves it as it is.
 *
 * @example
 * ```ts
 * import { addManifest, emptyImage, emptyIndex, label, mapPlatforms } from "@gantry/oci/image";
 *
 * const platform = { os: "linux", architecture: "arm64" };
 * const index = emptyIndex().edit(addManifest(emptyImage(platform), { platform }));
 * const edited = index.edit(mapPlatforms(label({ version: "1.2" })));
 * console.log((await (await edited.select(platform)).config()).config?.Labels); // { version: "1.2" }
 * ```
 */
export function mapPlatforms(
  edit: Edit | ((image: Image, entry: IndexEntry) => Image | undefined | Promise<Image | undefined>),
  options: MapPlatformsOptions = {},
): IndexEdit {
  const image = typeof edit === "function" ? edit : (image: Image) => image.edit(edit);
  const mapping: IndexEdit = {
    entries: (entries, { signal }) =>
      mapEntries(entries, { ...options, image, index: (index) => index.edit(mapping) }, { signal }),
  };
  return mapping;
}
