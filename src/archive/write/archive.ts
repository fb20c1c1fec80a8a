import { type Bytes, observed } from "../../bytes.ts";
import type { Options, Part } from "../../content/contracts.ts";
import type { CopyEvent } from "../../copy/events.ts";
import { GantryError } from "../../errors.ts";
import type { Descriptor } from "../../spec/descriptor.ts";
import { type Digest, hexOf } from "../../spec/digest.ts";
import { formatJson } from "../../spec/json.ts";
import { layoutVersion } from "../../spec/layout.ts";
import { isZstdType, mediaTypes } from "../../spec/media_type.ts";
import type { Platform } from "../../spec/platform.ts";
import type { TarItem } from "../../tar/item.ts";
import { writeTar } from "../../tar/write.ts";
import { chooseImage, describeForDocker, type DockerImage, savedImage } from "./docker.ts";
import { legacyItems } from "./legacy.ts";
import { bytesItem } from "./items.ts";
import { checkNames, type Name } from "../names.ts";
import { blobPath } from "../../spec/layout.ts";
import { Plan } from "./blobs.ts";

/**
 * What an archive looks like:
 *
 * - `combined`: an OCI layout that lists its images for Docker too, which everybody can load;
 * - `oci`: an OCI layout alone;
 * - `docker`: what `docker load` takes and has always taken, with compressed layers if they are. The manifest is lost;
 * - `legacy`: what `docker save` wrote before Docker 25, as go-containerregistry does. The manifest is lost.
 */
export type ArchiveFormat = "combined" | "oci" | "docker" | "legacy";

/** An image to be written, and what it is called. */
export interface ArchiveImage {
  /** An image, an index with all that is in it, or anything else that a registry keeps as a manifest. */
  image: Part;
  /** Its names: `app:v1` for Docker, whatever a layout can take in `oci`. Default: none. */
  names?: readonly string[] | undefined;
}

/** How to write an archive. */
export interface WriteArchiveOptions extends Options {
  /** What it looks like. Default: `combined`. */
  format?: ArchiveFormat | undefined;
  /** Which image of an index Docker gets. Default: linux/amd64, or else the first one. */
  platform?: Platform | undefined;
  /** Writes layers too that are not to be distributed. */
  foreign?: boolean | undefined;
  /** Is told how it goes on. */
  progress?: ((event: CopyEvent) => void) | undefined;
}

/**
 * Writes images as one tar, in one pass. The same images give the same bytes. Nothing is read before the stream is, and
 * everything is verified on its way; a layer that does not know its own digest goes through a temporary file first.
 *
 * The stream errors with a `GantryError`: `invalid-name` for names that Docker or a layout cannot take, `unsupported` for
 * what has no place in the format, and whatever the images' sources throw.
 *
 * @example
 * ```ts
 * import { writeArchive } from "@gantry/oci/archive";
 * import { emptyImage } from "@gantry/oci/image";
 * import { readTar } from "@gantry/oci/tar";
 *
 * const tar = writeArchive([{ image: emptyImage(), names: ["app:v1"] }]);
 * for await (const { path } of readTar(tar)) console.log(path); // oci-layout, index.json, manifest.json, blobs…
 * ```
 */
export function writeArchive(
  images: Iterable<ArchiveImage>,
  options: WriteArchiveOptions = {},
): ReadableStream<Bytes> {
  return archiveStream([...images], options, () => {});
}

/** The stream of {@link writeArchive}; tells what the images are before their bytes come. */
export function archiveStream(
  images: readonly ArchiveImage[],
  options: WriteArchiveOptions,
  planned: (roots: Descriptor[]) => void,
): ReadableStream<Bytes> {
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const items = archiveItems(images, { ...options, signal }, planned);
  return observed(writeTar(items, { signal }), { failed: (reason) => stop.abort(reason) });
}

async function* archiveItems(
  images: readonly ArchiveImage[],
  options: WriteArchiveOptions,
  planned: (roots: Descriptor[]) => void,
): AsyncGenerator<TarItem, void, void> {
  const { format = "combined" } = options;
  const names = checkNames(images, format);
  const plan = new Plan(options);
  try {
    if (format === "combined" || format === "oci") {
      const roots: Descriptor[] = [];
      for (const { image } of images) roots.push(await addRoot(image, plan));
      planned(roots);
      yield* layoutItems(images, roots, names, plan, options);
    } else {
      const found: DockerImage[] = [];
      for (const [i, { image }] of images.entries()) {
        found.push(await addImage(image, names[i]!, plan, options));
      }
      planned(found.map(({ descriptor }) => descriptor));
      yield* format === "docker" ? dockerItems(found, plan) : legacyItems(found, plan, options.signal);
    }
  } finally {
    await plan.close();
  }
}

function addRoot(image: Part, plan: Plan): Promise<Descriptor> {
  if (image.role === "manifest") return plan.add(image);
  throw new GantryError("unsupported", "write archive: a blob is no image");
}

async function addImage(
  part: Part,
  names: readonly Name[],
  plan: Plan,
  options: WriteArchiveOptions,
): Promise<DockerImage> {
  const image = await chooseImage(part, options);
  // What is one-shot can be described once it has been read.
  if (image) await plan.add(image);
  const described = image && await describeForDocker(image, names, options);
  if (described) return described;
  throw new GantryError(
    "unsupported",
    `write archive for Docker: ${part.known?.digest ?? "what was given"} is no image with a file system`,
  );
}

/** An OCI layout, and what Docker needs to find its way in it. */
async function* layoutItems(
  images: readonly ArchiveImage[],
  roots: readonly Descriptor[],
  names: readonly (readonly Name[])[],
  plan: Plan,
  options: WriteArchiveOptions,
): AsyncGenerator<TarItem, void, void> {
  const manifests = roots.flatMap((root, i) => entries(root, names[i]!));
  yield document("oci-layout", { imageLayoutVersion: layoutVersion });
  yield document("index.json", { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
  if (options.format !== "oci") {
    const saved: object[] = [];
    for (const [i, { image: part }] of images.entries()) {
      const image = await chooseImage(part, options);
      const described = image && await describeForDocker(image, names[i]!, options);
      if (described) saved.push(savedImage(described, pathInLayout));
    }
    yield document("manifest.json", saved);
  }
  for (const blob of plan.blobs) {
    const { descriptor } = blob;
    yield plan.item(blobPath(descriptor.digest), blob);
    if (options.format === "oci" || !isZstdType(descriptor.mediaType)) continue;
    yield plan.item(pathInLayout(descriptor), await plan.forDocker(blob));
  }
}

/** Where Docker finds a blob. Its engines before 23 read no zstd, so a layer of that kind is there a second time without. */
function pathInLayout({ mediaType, digest }: Descriptor): string {
  return isZstdType(mediaType) ? `${hexOf(digest)}.tar` : blobPath(digest);
}

/** An image's entries in index.json, one a name. */
function entries({ mediaType, digest, size }: Descriptor, names: readonly Name[]): Descriptor[] {
  const descriptor = { mediaType, digest, size };
  return names.length === 0 ? [descriptor] : names.map(({ annotations }) => ({ ...descriptor, annotations }));
}

/** manifest.json, configs and layers. */
async function* dockerItems(images: readonly DockerImage[], plan: Plan): AsyncGenerator<TarItem, void, void> {
  const paths = new Map<Digest, string>();
  for (const { config, layers } of images) {
    paths.set(config.digest, `${hexOf(config.digest)}.json`); // no colons, which Windows does not take
    for (const layer of layers) paths.set(layer.digest, hexOf(layer.digest) + extension(layer));
  }
  yield document(
    "manifest.json",
    images.map((image) => savedImage(image, ({ digest }) => paths.get(digest)!)),
  );
  for (const blob of plan.blobs) {
    const path = paths.get(blob.descriptor.digest);
    if (path !== undefined) yield plan.item(path, await plan.forDocker(blob));
  }
}

function extension({ mediaType }: Descriptor): string {
  return mediaType.endsWith("gzip") ? ".tar.gz" : ".tar";
}

function document(path: string, value: unknown): TarItem {
  return bytesItem(path, formatJson(value));
}
