import type { Bytes } from "../bytes.ts";
import type { Options, Source } from "../content/contracts.ts";
import { readDocument } from "../content/read.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { isIndexType } from "../spec/media_type.ts";
import type { Platform } from "../spec/platform.ts";
import { Image } from "./image.ts";
import { Index } from "./index.ts";
import { selectImage } from "./select.ts";
import { storedBody } from "./stored_body.ts";
import { StoredIndex } from "./stored_index.ts";

/** How to open an image or an index. */
export interface OpenRootOptions extends Options {
  /** The bytes of what a descriptor stands for, which must be its own, where the caller has them. Default: they are read. */
  document?: Bytes | undefined;
}

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
  options: OpenRootOptions = {},
): Promise<Image | Index> {
  const { descriptor, document } = typeof name === "string"
    ? await resolveDocument(source, name, options)
    : { descriptor: name, document: options.document };
  return isIndexType(descriptor.mediaType)
    ? new Index(new StoredIndex(source, descriptor, document))
    : new Image(storedBody(source, descriptor, document));
}

/**
 * The image that a name or descriptor stands for. An index gives its image for `platform`. Default: linux/amd64.
 *
 * @throws {GantryError} `not-found`, `no-platform`, `invalid-document`.
 */
export async function openImage(
  source: Source,
  name: string | Descriptor,
  options: Options & { platform?: Platform | undefined } = {},
): Promise<Image> {
  return await selectImage(await openRoot(source, name, options), options.platform, options);
}

async function resolveDocument(
  source: Source,
  name: string,
  options: Options,
): Promise<{ descriptor: Descriptor; document: Bytes }> {
  const { signal } = options;
  const { descriptor, document } = await source.resolve(name, { document: true, signal });
  return {
    descriptor,
    document: document ?? await readDocument(source, descriptor, { role: "manifest", signal }),
  };
}
