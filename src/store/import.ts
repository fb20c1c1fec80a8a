import type { Options, Source } from "../content/contracts.ts";
import { copy } from "../copy/copy.ts";
import type { CopyEvent } from "../copy/events.ts";
import { ifFound } from "../content/if_found.ts";
import { GantryError } from "../errors.ts";
import { openRoot } from "../image/open.ts";
import { annotations } from "../spec/annotations.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { PlatformMatcher } from "../spec/platform_match.ts";
import { formatReference, isTag, parseReference, parseRepository } from "../spec/reference.ts";
import type { ImageStore } from "./images.ts";
import { bad, type Labels } from "./labels.ts";
import type { Namespace } from "./namespace.ts";
import type { StoredImage } from "./records.ts";
import { RepositoryTarget } from "./repository.ts";
import { type Keeps, keepsPlatforms, keepsPresent, sparse } from "./sparse.ts";

/** How to import. */
export interface StoreImportOptions extends Options {
  /** The repository of names that are only a tag, and of what has no name. Default: such names are left out. */
  base?: string | undefined;
  /** Takes only names that begin with the base. Default: all. */
  onlyBase?: boolean | undefined;
  /** Also names each image by its digest, in the base. Default: only those without a name. */
  digests?: boolean | undefined;
  /** For which platforms the images of an index are taken. Default: all of them. */
  platforms?: PlatformMatcher | undefined;
  /** Labels of the images. Default: none. */
  labels?: Labels | undefined;
  /** Called with each event. */
  progress?: ((event: CopyEvent) => void) | undefined;
}

/** Puts all images of an archive or a layout into a store, with their names, and gives what was named. */
export async function importImages(
  namespace: Namespace,
  images: ImageStore,
  source: Source,
  options: StoreImportOptions,
): Promise<StoredImage[]> {
  const { platforms, progress, signal, labels = {} } = options;
  const action = namespace.where("import");
  if (!source.roots) throw new GantryError("unsupported", `${action}: it cannot be listed what is in it`);
  const base = options.base === undefined ? undefined : repositoryName(options.base);
  if (base === undefined && (options.digests || options.onlyBase)) throw bad(action, "it needs a base");
  const imported = new Map<string, StoredImage>();
  const isThere = keepsPresent(source);
  const keeps: Keeps = async (child, more) =>
    (!platforms || await keepsPlatforms(platforms)(child, more)) && await isThere(child, more);
  for await (const descriptor of source.roots({ signal })) {
    const names = namesFor(descriptor, base, options);
    if (names.length === 0) continue;
    const root = sparse(await openRoot(source, withoutNames(descriptor), { signal }), keeps);
    for (const name of names) {
      const { registry, repository, tag } = parseReference(name);
      const target = new RepositoryTarget(`${registry}/${repository}`, namespace);
      const written = await copy(root, target, { ...(tag !== undefined && { name: tag }), progress, signal });
      const { mediaType, digest, size } = written.descriptor;
      const input = { name, target: { mediaType, digest, size }, labels };
      const there = await ifFound(images.get(name, { signal }));
      imported.set(
        name,
        there ? await relabel(images, there, labels, { signal }) : await images.create(input, { signal }),
      );
    }
  }
  return [...imported.values()];
}

/** What an image is called: containerd's full name, or else the one that its index gives it, in the base if it is a tag. */
function namesFor(
  descriptor: Descriptor,
  base: string | undefined,
  { onlyBase, digests }: StoreImportOptions,
): string[] {
  const { [annotations.containerdName]: full, [annotations.refName]: short } = descriptor.annotations ?? {};
  const names: string[] = [];
  const name = full ?? short;
  if (full === undefined && short !== undefined && isTag(short) && base !== undefined) {
    names.push(`${base}:${short}`);
  } else if (name !== undefined && (full !== undefined || !isTag(name))) {
    const parsed = fullName(name);
    if (parsed !== undefined && (!onlyBase || parsed.startsWith(base!))) names.push(parsed);
  }
  if (base !== undefined && (digests || names.length === 0) && !(onlyBase && name !== undefined)) {
    names.push(`${base}@${descriptor.digest}`);
  }
  return names;
}

/** A reference in full; nothing for what is none, such as a name that only its layout knows. */
function fullName(name: string): string | undefined {
  try {
    return formatReference(parseReference(name));
  } catch (error) {
    if (GantryError.is(error, "invalid-name", "invalid-digest", "unsupported")) return undefined;
    throw error;
  }
}

function repositoryName(text: string): string {
  const { registry, repository } = parseRepository(text);
  return `${registry}/${repository}`;
}

/** Names in an archive are no part of what they name. */
function withoutNames({ annotations: notes, ...rest }: Descriptor): Descriptor {
  const { [annotations.containerdName]: _full, [annotations.refName]: _short, ...others } = notes ?? {};
  return Object.keys(others).length === 0 ? rest : { ...rest, annotations: others };
}

async function relabel(
  images: ImageStore,
  { name, target }: StoredImage,
  labels: Labels,
  options: Options,
): Promise<StoredImage> {
  const paths = Object.keys(labels).map((key) => `labels.${key}`);
  if (paths.length === 0) return await images.get(name, options);
  return await images.update({ name, target, labels }, paths, options);
}
