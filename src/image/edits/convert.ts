import { GantryError } from "../../errors.ts";
import { verifying } from "../../digest/verify.ts";
import { dockerType, isForeignType, isLayerType, isZstdType, ociType } from "../../spec/media_type.ts";
import { compressionOf } from "../compression_of.ts";
import type { Edit, LayerEntry } from "../edit.ts";
import type { IndexEdit } from "../index_edit.ts";
import type { Layer } from "../layer.ts";
import { layer as makeLayer, type LayerOptions } from "../made_layer.ts";
import { mapEntries, type MapPlatformsOptions } from "../map_entries.ts";

/** What an image is converted to. */
export interface ConvertOptions extends Pick<LayerOptions, "compression" | "engine" | "level" | "workers"> {
  /** The family of media types. Default: OCI's where zstd is asked for, else that of the image. */
  format?: "oci" | "docker" | undefined;
}

/**
 * Converts an image: its media types from OCI's to Docker's or back, the compression of its layers. Files and diffIDs stay
 * as they are, and layers that are compressed so already stay byte for byte, unless a level is asked for. Layers that
 * come from elsewhere stay in any case.
 *
 * @throws {GantryError} When the new image is asked for anything: `unsupported` for zstd in Docker's format, which knows only
 * gzip; `digest-mismatch` for a layer that is not the one that the config names.
 *
 * @example
 * ```ts
 * import { convert, emptyImage, layer } from "@gantry/oci/image";
 *
 * const image = emptyImage().append(layer(new Uint8Array(1024), { compression: "none" }));
 * const docker = image.edit(convert({ format: "docker" }));
 * console.log(await docker.mediaType()); // application/vnd.docker.distribution.manifest.v2+json
 * ```
 */
export function convert(options: ConvertOptions): Edit {
  const { compression, level } = options;
  const format = options.format ?? (compression === "zstd" ? "oci" : undefined);
  if (format === "docker" && compression === "zstd") throw noZstd();
  return {
    ...(format && { mediaType: typeIn(format) }),
    keepsArtifactConfig: true,
    ...((compression !== undefined || level !== undefined) && {
      layers: (entries) => entries.map((entry, index) => recompressed(entry, index, options)),
    }),
  };
}

/**
 * Converts an index and all that is in it. Attestations go where what they are about is another manifest afterwards.
 *
 * @throws {GantryError} What {@link convert} throws.
 *
 * @example
 * ```ts
 * import { convertIndex, emptyIndex } from "@gantry/oci/image";
 *
 * const index = emptyIndex().edit(convertIndex({ format: "docker" }));
 * console.log(await index.mediaType()); // application/vnd.docker.distribution.manifest.list.v2+json
 * ```
 */
export function convertIndex(
  options: ConvertOptions,
  which: Pick<MapPlatformsOptions, "onDropped"> = {},
): IndexEdit {
  const inside = convert(options);
  const { mediaType } = inside;
  const edit: IndexEdit = {
    ...(mediaType && { mediaType }),
    entries: (entries, { signal }) =>
      mapEntries(entries, {
        ...which,
        image: (image) => image.edit(inside),
        index: (index) => index.edit(edit),
      }, {
        signal,
      }),
  };
  return edit;
}

function typeIn(format: "oci" | "docker"): (mediaType: string) => string {
  if (format === "oci") return ociType;
  return (mediaType) => {
    if (!isZstdType(mediaType)) return dockerType(mediaType);
    throw noZstd();
  };
}

function noZstd(): GantryError {
  return new GantryError(
    "unsupported",
    "convert to Docker's format: it has no zstd, compress with gzip as well",
  );
}

function recompressed(
  entry: LayerEntry,
  index: number,
  { compression, engine, level, workers }: ConvertOptions,
): LayerEntry {
  const mediaType = entry.layer.mediaType();
  if (!isLayerType(mediaType) || isForeignType(mediaType)) return entry;
  const before = compressionOf(mediaType);
  const after = compression ?? before;
  if (after === before && (level === undefined || after === "none")) return entry;
  const tar = () => verifiedTar(entry.layer);
  return { layer: makeLayer(tar, { compression: after, engine, level, workers }), replaces: index };
}

/** The tar of a layer, which must be the one that the config names. */
async function verifiedTar(layer: Layer) {
  const digest = await layer.diffID();
  return (await layer.uncompressed()).pipeThrough(verifying({ digest }, { what: `layer ${digest}` }));
}
