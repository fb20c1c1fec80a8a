import type { Bytes } from "../bytes.ts";
import type { Options, Source } from "../content/contracts.ts";
import { readDocument } from "../content/read.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { isIndexType } from "../spec/media_type.ts";
import { defaultPlatform, type Platform } from "../spec/platform.ts";
import { Image } from "./image.ts";
import { Index } from "./index.ts";
import { StoredImage } from "./stored_image.ts";

/**
 * What a name or descriptor stands for: an image or an index.
 *
 * @throws {GantryError} `not-found`, `invalid-document`.
 *
 * @example
 * ```ts
 * import { memory } from "@gantry/oci/content";
 * import { openRoot } from "@gantry/oci/image";
 *
 * await openRoot(memory(), "v1").catch((error) => console.log(error.code)); // not-found
 * ```
 */
export async function openRoot(
  source: Source,
  name: string | Descriptor,
  options: Options = {},
): Promise<Image | Index> {
  const { descriptor, document } = typeof name === "string"
    ? await resolveDocument(source, name, options)
    : { descriptor: name, document: undefined };
  return isIndexType(descriptor.mediaType)
    ? new Index(source, descriptor, document)
    : new Image(new StoredImage(source, descriptor, document));
}

/**
 * The image that a name or descriptor stands for. An index gives its image for `platform`, linux/amd64 unless told.
 *
 * @throws {GantryError} `not-found`, `no-platform`, `invalid-document`.
 */
export async function openImage(
  source: Source,
  name: string | Descriptor,
  options: Options & { platform?: Platform | undefined } = {},
): Promise<Image> {
  const root = await openRoot(source, name, options);
  return root instanceof Index ? await root.select(options.platform ?? defaultPlatform, options) : root;
}

async function resolveDocument(source: Source, name: string, options: Options): Promise<Resolved> {
  const { signal } = options;
  const { descriptor, document } = await source.resolve(name, { document: true, signal });
  return {
    descriptor,
    document: document ?? await readDocument(source, descriptor, { role: "manifest", signal }),
  };
}

interface Resolved {
  descriptor: Descriptor;
  document: Bytes;
}
