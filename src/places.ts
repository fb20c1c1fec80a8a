/**
 * Places: where images are, as strings that skopeo's users know, and what one does with them.
 *
 * @module
 */

import { stat } from "node:fs/promises";
import { type Bytes, streamOf } from "./bytes.ts";
import { decompress } from "./codec/mod.ts";
import type { Options, Part, Source, Target, Written } from "./content/mod.ts";
import { copy as copyPart, type CopyOptions as PartCopyOptions } from "./copy/mod.ts";
import { GantryError } from "./errors.ts";
import { Image, Index, type Layer, layer, type LayerOptions, openRoot } from "./image/mod.ts";
import { layout } from "./layout/mod.ts";
import { type Registries, registries, type RegistryOptions } from "./registry/mod.ts";
import { packDirectory, type PackOptions } from "./rootfs/mod.ts";
import type { Descriptor } from "./spec/descriptor.ts";
import { type Digest, isDigest } from "./spec/digest.ts";
import { annotations } from "./spec/annotations.ts";
import { parsePlatform, type Platform } from "./spec/platform.ts";
import { parseReference } from "./spec/reference.ts";
import { type TarItem, writeTar } from "./tar/mod.ts";

/** Somewhere to read an image from, and its name there. */
export interface SourcePlace {
  /** What it is read from. */
  source: Source;
  /** Its tag or digest; without one, the only image there. */
  name?: string | undefined;
}

/** Somewhere to write an image to or read it from, and its name there. */
export interface TargetPlace {
  /** What it is written to. */
  target: Target;
  /** Its tag or digest. Without one, an image is written untagged, and the only image there is read. */
  name?: string | undefined;
}

/**
 * Where an image is read from: the name of a place (see {@link place}), a source or target with a name in it, or an
 * `Image`, `Index` or any other part itself.
 */
export type From = string | SourcePlace | TargetPlace | Part;

/** Where an image is written to: the name of a place (see {@link place}), or a target with a name in it. */
export type To = string | TargetPlace;

/** How to reach places that strings name. */
export interface PlaceOptions {
  /** Options for registries, such as credentials; or a client, which logs in once for all that is done with it. */
  registry?: RegistryOptions | Registries | undefined;
}

/** Options of {@link image}. */
export interface ImageOptions extends PlaceOptions, Options {
  /** Which image of an index; linux/amd64 unless told. */
  platform?: Platform | string | undefined;
}

/** Options of {@link copy}. */
export interface CopyOptions extends PlaceOptions, Omit<PartCopyOptions, "name" | "platform"> {
  /** Of an index, only the image for this platform; all of it unless told. */
  platform?: Platform | string | undefined;
}

/** What a layer is made of: a directory, a tar whole or as a stream, or what is to be in the tar. */
export type LayerSource =
  | string
  | Blob
  | Bytes
  | ReadableStream<Bytes>
  | Iterable<TarItem>
  | AsyncIterable<TarItem>;

/** Options of {@link layerOf}: how the layer is made, and how a directory is packed. */
export type LayerOfOptions = LayerOptions & Omit<PackOptions, "signal">;

/** What other tools call places that we cannot open. */
const otherKinds =
  /^(?:[a-z][a-z0-9+.-]*:\/\/|(?:containers-storage|daemon|dir|docker-archive|docker-daemon|oci-archive|store):)/;

/** A directory, which may be on a Windows drive, and a name after a colon. */
const layoutGrammar = /^((?:[A-Za-z]:[\\/])?[^:]+)(?::(.+))?$/s;

/**
 * The place that a string names: `registry/name:tag` and `registry/name@digest`, as `docker pull` takes them, with or
 * without `docker://` before it; or `oci:DIRECTORY` and `oci:DIRECTORY:NAME` for an OCI image layout, whose directory
 * ends at the first colon, as with skopeo.
 *
 * @throws {GantryError} `invalid-name`, `invalid-digest`; `unsupported` for other kinds of places.
 *
 * @example
 * ```ts
 * import { place } from "@gantry/oci";
 *
 * const { target, name } = place("oci:./images:alpine");
 * console.log(typeof target.write, name); // function alpine
 * ```
 */
export function place(text: string, options: PlaceOptions = {}): TargetPlace {
  const layoutAt = splitLayout(text);
  if (layoutAt) return { target: layout(layoutAt.directory), name: layoutAt.name };
  const { registry: host, repository, tag, digest } = parseReference(referenceOf(text));
  return { target: clientOf(options)(`${host}/${repository}`), name: digest ?? tag };
}

/** The directory and name of a layout's place; undefined for other places. */
export function splitLayout(text: string): { directory: string; name: string | undefined } | undefined {
  if (!text.startsWith("oci:") || text.startsWith("oci://")) return undefined;
  const [, directory, name] = layoutGrammar.exec(text.slice(4)) ?? [];
  if (directory === undefined) {
    throw new GantryError(
      "invalid-name",
      `open ${JSON.stringify(text)}: not oci:DIRECTORY or oci:DIRECTORY:NAME`,
    );
  }
  return { directory, name };
}

/** The reference in a registry's place. */
export function referenceOf(text: string): string {
  if (text.startsWith("docker://")) return text.slice("docker://".length);
  if (!otherKinds.test(text)) return text;
  throw new GantryError(
    "unsupported",
    `open ${JSON.stringify(text)}: no such kind of place; there are registry/name:tag, docker:// and oci:`,
  );
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
  if (root instanceof Image) return root;
  if (root instanceof Index) {
    return await root.select(platformOf(options.platform) ?? { os: "linux", architecture: "amd64" }, {
      signal,
    });
  }
  throw new GantryError("unsupported", `open image: the part given is a ${root.role}, not an image or index`);
}

/**
 * Copies what is at one place to another: an image, or an index with all its images unless `platform` names one. Pull,
 * push and mirror are all this. Where the destination's name is a digest, what arrives must have it.
 *
 * @throws {GantryError} What the places throw; `digest-mismatch` when the destination names another digest.
 *
 * @example
 * ```ts
 * import { copy, emptyImage, memory } from "@gantry/oci";
 *
 * const { descriptor } = await copy(emptyImage(), { target: memory(), name: "v1" });
 * console.log(descriptor.digest);
 * ```
 */
export async function copy(from: From, to: To, options: CopyOptions = {}): Promise<Written> {
  const { registry: _, platform, ...rest } = options;
  const { signal } = options;
  const reach = { registry: clientOf(options), signal };
  const { target, name } = typeof to === "string" ? place(to, reach) : to;
  const chosen = platformOf(platform);
  const root = isPart(from) ? from : await openPlace(from, reach);
  const part = chosen && root instanceof Index ? await root.select(chosen, { signal }) : root;
  if (name === undefined || !isDigest(name)) return await copyPart(part, target, { ...rest, name });
  requireDigest(part.known?.digest ?? name, name);
  const written = await copyPart(part, target, rest);
  // The digest of what is made on the way is known only now; nothing names what was written.
  requireDigest(written.descriptor.digest, name);
  return written;
}

/**
 * What is at a place, as it is: an image, or an index whole.
 *
 * @throws {GantryError} `not-found`, `invalid-name` when there are several and none is named, and what {@link place} throws.
 */
export async function openPlace(
  from: string | SourcePlace | TargetPlace,
  options: PlaceOptions & Options = {},
): Promise<Image | Index> {
  const { signal } = options;
  const at = typeof from === "string" ? place(from, options) : from;
  const source = "target" in at ? at.target : at.source;
  const what = `open ${typeof from === "string" ? JSON.stringify(from) : "a place without a name"}`;
  return await openRoot(source, at.name ?? await onlyRoot(source, what, signal), { signal });
}

/**
 * A layer made of a directory, of a tar (which may be compressed), or of items for a tar. What comes from streams and
 * items can be read once; a directory, a `Blob` or bytes as often as needed. The tar of a directory does not depend on
 * the machine or on the time, only on what is in it.
 *
 * @throws {GantryError} `not-found` when there is no such directory.
 *
 * @example
 * ```ts
 * import { emptyImage, layerOf } from "@gantry/oci";
 *
 * const app = new TextEncoder().encode("#!/bin/sh\n");
 * const layer = await layerOf([
 *   { type: "file", path: "app", size: app.length, readable: new Blob([app]).stream(), options: { mode: 0o755 } },
 * ]);
 * console.log(emptyImage().append(layer).configure({ cmd: ["/app"] }));
 * ```
 */
export async function layerOf(source: LayerSource, options: LayerOfOptions = {}): Promise<Layer> {
  if (typeof source === "string") {
    await requireDirectory(source);
    return layer(() => writeTar(packDirectory(source, options)), options);
  }
  if (source instanceof ReadableStream) return layer(source.pipeThrough(decompress()), options);
  if (source instanceof Blob) return layer(() => source.stream().pipeThrough(decompress()), options);
  if (source instanceof Uint8Array) return layer(() => streamOf(source).pipeThrough(decompress()), options);
  return layer(writeTar(source), options);
}

async function requireDirectory(path: string): Promise<void> {
  const what = `make a layer of ${JSON.stringify(path)}`;
  const found = await stat(path).catch((cause) => {
    const reason = cause?.code === "ENOENT" ? "no such directory" : cause?.message;
    throw new GantryError("not-found", `${what}: ${reason}`, { cause });
  });
  if (!found.isDirectory()) throw new GantryError("unsupported", `${what}: not a directory`);
}

/** The descriptor of what is in a source that holds one thing, under however many names. */
export async function onlyRoot(source: Source, what: string, signal?: AbortSignal): Promise<Descriptor> {
  const names = new Set<string>();
  const roots = new Map<Digest, Descriptor>();
  for await (const root of source.roots?.({ signal }) ?? []) {
    const name = root.annotations?.[annotations.refName];
    if (name !== undefined && names.size < 10) names.add(name);
    roots.set(root.digest, root);
  }
  const [only] = roots.values();
  if (!only) throw new GantryError("not-found", `${what}: there is nothing in it`);
  if (roots.size === 1) return only;
  throw new GantryError(
    "invalid-name",
    `${what}: it holds ${roots.size} images, name one` +
      (names.size > 0 ? ` (${[...names].join(", ")})` : ""),
  );
}

function requireDigest(found: Digest, wanted: Digest): void {
  if (found === wanted) return;
  throw new GantryError("digest-mismatch", `copy to ${wanted}: what is copied is ${found}`);
}

function clientOf({ registry }: PlaceOptions): Registries {
  return typeof registry === "function" ? registry : registries(registry);
}

function isPart(from: From): from is Part {
  return typeof from === "object" && "role" in from;
}

function platformOf(platform: Platform | string | undefined): Platform | undefined {
  return typeof platform === "string" ? parsePlatform(platform) : platform;
}
