import type { Options, Part, Source } from "../content/mod.ts";
import { GantryError } from "../errors.ts";
import { Image, Index, openRoot, selectImage } from "../image/mod.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { parsePlatform, type Platform } from "../spec/platform.ts";
import { type PlaceOptions, type SourcePlace, sourcePlace, type TargetPlace } from "./place.ts";
import type { SourceOptions } from "./scheme.ts";

/**
 * Where an image is read from: the name of a place (see {@link sourcePlace}), a source or target with a name in it, or
 * an `Image`, `Index` or any other part itself.
 */
export type From = string | SourcePlace | TargetPlace | Part;

/** Options of {@link image}. */
export interface ImageOptions extends PlaceOptions, Options {
  /** Which image of an index. Default: linux/amd64. */
  platform?: Platform | string | undefined;
}

/**
 * The image at a place. Nothing is fetched but its manifest; of an index, the image for `platform` is taken.
 *
 * @throws {GantryError} `not-found`, `no-platform`, and what {@link place} throws.
 *
 * @example
 * ```ts
 * import { emptyImage, image } from "@gantry/oci";
 *
 * const app = await image(emptyImage());
 * console.log((await app.config()).os); // linux
 * ```
 */
export async function image(from: From, options: ImageOptions = {}): Promise<Image> {
  const { signal } = options;
  const root = isPart(from) ? from : await openPlace(from, options);
  if (root instanceof Image || root instanceof Index) {
    return await selectImage(root, platformOf(options.platform), { signal });
  }
  throw new GantryError("unsupported", `open image: the part given is a ${root.role}, not an image or index`);
}

/**
 * What is at a place, as it is: an image, or an index whole.
 *
 * @throws {GantryError} `not-found`, `invalid-name` when there are several and none is named, and what {@link place} throws.
 */
export async function openPlace(
  from: string | SourcePlace | TargetPlace,
  options: PlaceOptions & SourceOptions & Options = {},
): Promise<Image | Index> {
  if (typeof from !== "string") return await openNamed(from, "open a place without a name", options);
  return await openNamed(sourcePlace(from, options), `open ${JSON.stringify(from)}`, options);
}

/** What has a name in a source, or the only thing in it; `action` begins the messages. */
export async function openNamed(
  at: SourcePlace | TargetPlace,
  action: string,
  { signal }: Options,
): Promise<Image | Index> {
  const source = "target" in at ? at.target : at.source;
  return await openRoot(source, at.name ?? await onlyRoot(source, action, signal), { signal });
}

/** The descriptor of what is in a source that holds one thing, under however many names. */
export async function onlyRoot(source: Source, action: string, signal?: AbortSignal): Promise<Descriptor> {
  const roots = new Map<Digest, Descriptor>();
  for await (const root of source.roots?.({ signal }) ?? []) roots.set(root.digest, root);
  const [only] = roots.values();
  if (!only) throw new GantryError("not-found", `${action}: there is nothing in it`);
  if (roots.size === 1) return only;
  const names: string[] = [];
  for await (const name of source.names?.({ signal }) ?? []) if (names.push(name) === 10) break;
  throw new GantryError(
    "invalid-name",
    `${action}: it holds ${roots.size} images, name one${names.length > 0 ? ` (${names.join(", ")})` : ""}`,
  );
}

/** Whether this is an image, an index or another part, and not where one is. */
export function isPart(from: From): from is Part {
  return typeof from === "object" && "role" in from;
}

/** A platform that may be given as a string. */
export function platformOf(platform: Platform | string | undefined): Platform | undefined {
  return typeof platform === "string" ? parsePlatform(platform) : platform;
}
