import type { Options, Part, Written } from "../content/mod.ts";
import {
  copy as copyPart,
  type CopyOptions as PartCopyOptions,
  type ReferrersFilter,
  type ReferrersOf,
  referrersOf,
} from "../copy/mod.ts";
import { GantryError } from "../errors.ts";
import { Index, selectPlatforms, sparse } from "../image/mod.ts";
import { type Digest, isDigest } from "../spec/digest.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { formatPlatform, type Platform } from "../spec/platform.ts";
import { type From, isPart, openNamed, platformOf } from "./open.ts";
import { clientsOf, type PlaceOptions, type TargetPlace } from "./place.ts";
import type { Clients, NamedPart, SaveOptions } from "./scheme.ts";
import { parsePlace, targetOf } from "./schemes.ts";

/** Where an image is written to: the name of a place (see {@link copy}), or a target with a name in it. */
export type To = string | TargetPlace;

/** Options of {@link copy}. */
export interface CopyOptions extends PlaceOptions, Omit<PartCopyOptions, "name" | "platform" | "referrers"> {
  /**
   * Of an index, only the image for this platform. Of several platforms, an index of the images for them and what is attested
   * of these. Default: all of it.
   */
  platform?: Platform | string | readonly (Platform | string)[] | undefined;
  /** With `platform`: the index stays whole, and names what is not copied; registries may refuse it. Default: false. */
  sparse?: boolean | undefined;
  /**
   * Copies what belongs to the image or index and to all that it names: signatures, SBOMs, attestations. A filter takes
   * some of it; see {@link referrersOf}. Default: false.
   */
  referrers?: boolean | ReferrersFilter | undefined;
}

/**
 * Copies what is at one place to another: an image, or an index with all its images unless `platform` names one. Pull,
 * push, save, load and mirror are all this. Where the destination's name is a digest, what arrives must have it.
 *
 * `docker-archive:FILE` and `docker-archive:FILE:NAME:TAG` write a tar that everybody can load, `oci-archive:FILE` and
 * `oci-archive:FILE:NAME` an OCI layout in a tar. A file that is there is replaced, when the new one is whole.
 *
 * @throws {GantryError} What the places throw; `digest-mismatch` when the destination names another digest;
 * `unsupported` when referrers are asked for and one of the places knows none.
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
  const { registry: _registry, link: _link, platform, sparse: isSparse, referrers, ...rest } = options;
  const { signal } = options;
  const clients = clientsOf(options);
  const write = writerTo(to, clients);
  const source = openSource(from, typesFor(to), clients);
  try {
    const root = await chosen(await source.root({ signal }), { platform, sparse: isSparse, signal });
    return await write(root, {
      ...rest,
      referrers: referrers ? source.referrers(referrers === true ? {} : referrers) : undefined,
    });
  } finally {
    await source.close();
  }
}

/** What is to be copied of an index. */
async function chosen(
  root: Part,
  { platform, sparse: whole, signal }: Pick<CopyOptions, "platform" | "sparse" | "signal">,
): Promise<Part> {
  const named = [platform ?? []].flat().map((one) => platformOf(one)!);
  const wanted = [...new Map(named.map((one) => [formatPlatform(one), one])).values()];
  const [first] = wanted;
  if (!first || !(root instanceof Index)) return root;
  if (whole) return sparse(root, wanted);
  return wanted.length === 1 ? await root.select(first, { signal }) : root.edit(selectPlatforms(wanted));
}

/** What writes to a place: each kind copies into its target, or saves its stream. */
function writerTo(to: To, clients: Clients): (part: Part, options: PartCopyOptions) => Promise<Written> {
  if (typeof to !== "string") return (part, options) => copyInto(to, part, options);
  const place = parsePlace(to);
  const save = place.save?.bind(place);
  if (save) {
    return (part, options) =>
      saveInto((images, options) => save(images, clients, options), place.name, part, options);
  }
  const target = targetOf(place, to, clients);
  return (part, options) => copyInto({ target, name: place.name }, part, options);
}

/** What a copy reads, and what closes what was opened for it alone. */
interface Opened {
  root(options: Options): Promise<Part>;
  referrers(filter: ReferrersFilter): ReferrersOf;
  close(): Promise<void>;
}

/** In whose words an image is written that has no manifest of its own: registries get Docker's, as from crane. */
function typesFor(to: To): "docker" | "oci" {
  return typeof to === "string" && parsePlace(to).scheme.kind === "path" ? "oci" : "docker";
}

function openSource(from: From, types: "docker" | "oci", clients: Clients): Opened {
  if (typeof from === "string") {
    const place = parsePlace(from);
    const source = place.source(clients, { types });
    return {
      root: (options) => openNamed({ source, name: place.name }, `open ${JSON.stringify(from)}`, options),
      referrers: (filter) => referrersOf(source, filter),
      close: async () => await source[Symbol.asyncDispose]?.(),
    };
  }
  const close = () => Promise.resolve();
  if (isPart(from)) return { root: () => Promise.resolve(from), referrers: noReferrers, close };
  return {
    root: (options) => openNamed(from, "open a place without a name", options),
    referrers: (filter) => referrersOf("target" in from ? from.target : from.source, filter),
    close,
  };
}

function noReferrers(): never {
  throw new GantryError("unsupported", "copy referrers: an image alone does not tell where they are");
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
  save: (images: readonly NamedPart[], options: SaveOptions) => Promise<Descriptor[]>,
  name: string | undefined,
  part: Part,
  { signal, foreign, progress, referrers }: PartCopyOptions,
): Promise<Written> {
  if (referrers) throw new GantryError("unsupported", "copy referrers: an archive is written without them");
  const images = [{ image: part, names: name === undefined ? [] : [name] }];
  const [descriptor] = await save(images, { signal, foreign, progress });
  return { descriptor: descriptor!, how: "written" };
}

function requireDigest(found: Digest, wanted: Digest): void {
  if (found === wanted) return;
  throw new GantryError("digest-mismatch", `copy to ${wanted}: what is copied is ${found}`);
}
