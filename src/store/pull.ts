import type { Options, Source } from "../content/contracts.ts";
import { copy } from "../copy/copy.ts";
import type { CopyEvent } from "../copy/events.ts";
import type { ReferrersOf } from "../copy/referrers.ts";
import { GantryError } from "../errors.ts";
import { readDocument } from "../content/read.ts";
import { openRoot } from "../image/open.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { PlatformMatcher } from "../spec/platform_match.ts";
import { formatReference, parseReference } from "../spec/reference.ts";
import { checkImage } from "./check.ts";
import type { ImageStore } from "./images.ts";
import type { Labels } from "./labels.ts";
import type { Namespace } from "./namespace.ts";
import type { StoredImage } from "./records.ts";
import { RepositoryTarget } from "./repository.ts";
import { sharingDownloads } from "./shared_download.ts";
import { keepsPlatforms, sparse } from "./sparse.ts";
import { type ImageVerifier, verifyImage } from "./verifier.ts";

/** How to pull. */
export interface StorePullOptions extends Options {
  /** What the image is called in the source. Default: its tag or digest in the store. */
  name?: string | undefined;
  /** For which platforms the images of an index are fetched. Default: all of them. */
  platforms?: PlatformMatcher | undefined;
  /** Are asked before anything but the manifest or index is fetched; all must agree. Default: none. */
  verifiers?: readonly ImageVerifier[] | undefined;
  /** Labels of the image, beside those that it has. Default: none. */
  labels?: Labels | undefined;
  /** How many blobs and documents are fetched at once. Default: 6. */
  concurrency?: number | undefined;
  /** Fetches non-distributable layers too. Default: false. */
  foreign?: boolean | undefined;
  /** Lists what else belongs to a manifest, such as its signatures. Default: nothing. */
  referrers?: ReferrersOf | undefined;
  /** Called with each event. */
  progress?: ((event: CopyEvent) => void) | undefined;
}

/** What became of a pull. */
export interface Pulled {
  /** The image as it is in the store. */
  readonly image: StoredImage;
  /** Whether all of it was there already. */
  readonly how: "present" | "pulled";
}

/** Pulls an image into a store, unless all of it is there. */
export async function pullImage(
  namespace: Namespace,
  images: ImageStore,
  source: Source,
  reference: string,
  options: StorePullOptions,
): Promise<Pulled> {
  const { platforms, verifiers = [], labels, signal } = options;
  const parsed = parseReference(reference);
  const { registry, repository, tag, digest } = parsed;
  const full = formatReference(digest === undefined ? parsed : { registry, repository, digest });
  const name = options.name ?? digest ?? tag!;
  const present = await findPresent(namespace, images, source, full, name, options);
  if (present) return { image: await label(images, present, labels, { signal }), how: "present" };

  const resolved = await source.resolve(name, { document: true, signal });
  const { descriptor } = resolved;
  if (digest !== undefined && descriptor.digest !== digest) {
    throw new GantryError(
      "digest-mismatch",
      `pull ${JSON.stringify(full)}: what is there is ${descriptor.digest}`,
    );
  }
  const document = resolved.document ?? await readDocument(source, descriptor, { role: "manifest", signal });
  await verifyImage(verifiers, { name: full, descriptor, document, source }, { signal });
  const root = await openRoot(source, descriptor, { document, signal });
  const target = new RepositoryTarget(`${registry}/${repository}`, namespace);
  await copy(platforms ? sparse(root, keepsPlatforms(platforms)) : root, sharingDownloads(target), {
    ...(digest === undefined && { name: tag }),
    session: "pull",
    concurrency: options.concurrency,
    foreign: options.foreign,
    referrers: options.referrers,
    progress: options.progress,
    signal,
  });
  const image = await named(images, full, descriptor, { signal });
  return { image: await label(images, image, labels, { signal }), how: "pulled" };
}

/** The image that is there, if it is what the source has, and whole; then nothing is fetched. */
async function findPresent(
  namespace: Namespace,
  images: ImageStore,
  source: Source,
  full: string,
  name: string,
  { platforms, verifiers = [], signal }: StorePullOptions,
): Promise<StoredImage | undefined> {
  const there = await images.get(full, { signal }).catch((error) => {
    if (!GantryError.is(error, "not-found")) throw error;
  });
  // What is allowed may have changed since.
  if (!there || verifiers.length > 0) return undefined;
  const { descriptor } = await source.resolve(name, { signal });
  if (descriptor.digest !== there.target.digest) return undefined;
  const { complete } = await checkImage(namespace, there.target, platforms, { signal });
  return complete ? there : undefined;
}

/** The image of a name. One that was written by its digest has none where an index that is here names it. */
async function named(
  images: ImageStore,
  full: string,
  target: Descriptor,
  options: Options,
): Promise<StoredImage> {
  try {
    return await images.get(full, options);
  } catch (error) {
    if (!GantryError.is(error, "not-found")) throw error;
    const { mediaType, digest, size } = target;
    return await images.create({ name: full, target: { mediaType, digest, size } }, options);
  }
}

async function label(
  images: ImageStore,
  image: StoredImage,
  labels: Labels = {},
  options: Options,
): Promise<StoredImage> {
  const paths = Object.keys(labels).map((key) => `labels.${key}`);
  if (paths.length === 0) return image;
  return await images.update({ name: image.name, target: image.target, labels }, paths, options);
}
