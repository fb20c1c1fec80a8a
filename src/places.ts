/**
 * Places: where images are, as strings that skopeo's users know, and what one does with them.
 *
 * @module
 */

import { stat } from "node:fs/promises";
import { type Archive, archive, type ArchiveFormat, saveArchive } from "./archive/mod.ts";
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
 * Where an image is read from: the name of a place (see {@link sourcePlace}), a source or target with a name in it, or
 * an `Image`, `Index` or any other part itself.
 */
export type From = string | SourcePlace | TargetPlace | Part;

/** Where an image is written to: the name of a place (see {@link copy}), or a target with a name in it. */
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

/** A file or directory, which may be on a Windows drive, and a name after a colon. */
const pathGrammar = /^((?:[A-Za-z]:[\\/])?[^:]+)(?::(.+))?$/s;

/**
 * The place that a string names, to write to and to read from: `registry/name:tag` and `registry/name@digest`, as
 * `docker pull` takes them, with or without `docker://` before it; or `oci:DIRECTORY` and `oci:DIRECTORY:NAME` for an OCI
 * image layout, whose directory ends at the first colon, as with skopeo. Archives are read with {@link sourcePlace} and
 * written with {@link copy}.
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

/**
 * The place that a string names, to read from: what {@link place} takes, and archives. `docker-archive:FILE` and
 * `docker-archive:FILE:NAME:TAG`, `oci-archive:FILE` and `oci-archive:FILE:NAME` read any of either kind, see
 * {@link archive}.
 *
 * @throws {GantryError} What {@link place} throws.
 *
 * @example
 * ```ts
 * import { sourcePlace } from "@gantry/oci";
 *
 * const { source, name } = sourcePlace("docker-archive:./app.tar:app:v1");
 * console.log(typeof source.names, name); // function app:v1
 * ```
 */
export function sourcePlace(text: string, options: PlaceOptions = {}): SourcePlace {
  const archiveAt = splitArchive(text);
  if (archiveAt) return { source: archive(archiveAt.file), name: archiveAt.name };
  const { target, name } = place(text, options);
  return { source: target, name };
}

/** The directory and name of a layout's place; undefined for other places. */
export function splitLayout(text: string): { directory: string; name: string | undefined } | undefined {
  if (!text.startsWith("oci:") || text.startsWith("oci://")) return undefined;
  const [directory, name] = splitPath(text, "oci:", "DIRECTORY");
  return { directory, name };
}

/** A file with images, what it looks like, and a name in it. */
export interface ArchivePlace {
  file: string;
  name: string | undefined;
  format: ArchiveFormat;
}

/** The file and name of an archive's place; undefined for other places. */
export function splitArchive(text: string): ArchivePlace | undefined {
  for (const [kind, format] of [["docker-archive:", "combined"], ["oci-archive:", "oci"]] as const) {
    if (!text.startsWith(kind) || text.startsWith("//", kind.length)) continue;
    const [file, name] = splitPath(text, kind, "FILE");
    return { file, name, format };
  }
  return undefined;
}

function splitPath(text: string, kind: string, what: string): [path: string, name: string | undefined] {
  const [, path, name] = pathGrammar.exec(text.slice(kind.length)) ?? [];
  if (path !== undefined) return [path, name];
  throw new GantryError(
    "invalid-name",
    `open ${JSON.stringify(text)}: not ${kind}${what} or ${kind}${what}:NAME`,
  );
}

/** The reference in a registry's place. */
export function referenceOf(text: string): string {
  if (text.startsWith("docker://")) return text.slice("docker://".length);
  if (!otherKinds.test(text)) return text;
  throw new GantryError(
    "unsupported",
    `open ${JSON.stringify(text)}: ${
      splitArchive(text)
        ? "an archive, which is read or written whole"
        : "no such kind of place; there are registry/name:tag, docker://, oci:, docker-archive: and oci-archive:"
    }`,
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
 * push, save, load and mirror are all this. Where the destination's name is a digest, what arrives must have it.
 *
 * `docker-archive:FILE` and `docker-archive:FILE:NAME:TAG` write a tar that everybody can load, `oci-archive:FILE` and
 * `oci-archive:FILE:NAME` an OCI layout in a tar. A file that is there is replaced, when the new one is whole.
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
  const reach = { registry: clientOf(options) };
  const destination = typeof to === "string" ? splitArchive(to) ?? place(to, reach) : to;
  const source = typeof from === "string" ? sourcePlace(from, reach) : from;
  try {
    const root = isPart(source) ? source : await openAt(source, titleOf(from), { signal });
    const chosen = platformOf(platform);
    const part = chosen && root instanceof Index ? await root.select(chosen, { signal }) : root;
    return "file" in destination
      ? await saveInto(destination, part, rest)
      : await copyInto(destination, part, rest);
  } finally {
    // What it has unpacked is of no use to anybody else.
    if (typeof from === "string" && splitArchive(from)) await (source as { source: Archive }).source.close();
  }
}

async function copyInto(
  { target, name }: TargetPlace,
  part: Part,
  options: PartCopyOptions,
): Promise<Written> {
  if (name === undefined || !isDigest(name)) return await copyPart(part, target, { ...options, name });
  requireDigest(part.known?.digest ?? name, name);
  const written = await copyPart(part, target, options);
  // The digest of what is made on the way is known only now; nothing names what was written.
  requireDigest(written.descriptor.digest, name);
  return written;
}

async function saveInto(
  { file, name, format }: ArchivePlace,
  part: Part,
  { signal, foreign, progress }: PartCopyOptions,
): Promise<Written> {
  const images = [{ image: part, names: name === undefined ? [] : [name] }];
  const [descriptor] = await saveArchive(file, images, { format, signal, foreign, progress });
  return { descriptor: descriptor!, how: "written" };
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
  const at = typeof from === "string" ? sourcePlace(from, options) : from;
  return await openAt(at, titleOf(from), options);
}

async function openAt(
  at: SourcePlace | TargetPlace,
  what: string,
  { signal }: Options,
): Promise<Image | Index> {
  const source = "target" in at ? at.target : at.source;
  return await openRoot(source, at.name ?? await onlyRoot(source, what, signal), { signal });
}

function titleOf(from: From): string {
  return `open ${typeof from === "string" ? JSON.stringify(from) : "a place without a name"}`;
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
  const roots = new Map<Digest, Descriptor>();
  for await (const root of source.roots?.({ signal }) ?? []) roots.set(root.digest, root);
  const [only] = roots.values();
  if (!only) throw new GantryError("not-found", `${what}: there is nothing in it`);
  if (roots.size === 1) return only;
  const names: string[] = [];
  for await (const name of source.names?.({ signal }) ?? []) if (names.push(name) === 10) break;
  throw new GantryError(
    "invalid-name",
    `${what}: it holds ${roots.size} images, name one${names.length > 0 ? ` (${names.join(", ")})` : ""}`,
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
