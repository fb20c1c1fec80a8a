import { readdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import type { Options, Source } from "../content/contracts.ts";
import { documentLimit } from "../content/read.ts";
import { ifThere, onDisk } from "../disk/errors.ts";
import { readSmall } from "../disk/files.ts";
import { GantryDirectory, gantryDirectoryIn } from "../disk/gantry_directory.ts";
import { GantryError } from "../errors.ts";
import type { Image } from "../image/image.ts";
import { openRoot } from "../image/open.ts";
import { clearLeft, takeAway } from "../rootfs/take_away.ts";
import { incompleteSuffix } from "../rootfs/unpack/incomplete.ts";
import type { Skipped, UnpackOptions } from "../rootfs/unpack/options.ts";
import { type UnpackedLayer, unpackLayers } from "../rootfs/unpack_layers.ts";
import { hexOf } from "../spec/digest.ts";
import { hostPlatform, runsOnHost } from "../spec/host_platform.ts";
import { parseManifest } from "../spec/manifest.ts";
import { formatReference, parseReference, type Reference } from "../spec/reference.ts";
import type { StorePullOptions } from "../store/pull.ts";
import type { Store } from "../store/types.ts";
import { chooseImage } from "./choose.ts";
import { isID, type Names, NamesFile } from "./names_file.ts";

/** How to pull and unpack. */
export interface UnpackedPullOptions
  extends Omit<StorePullOptions, "labels">, Pick<UnpackOptions, "owners" | "jobs" | "limits"> {}

/** An image of a store that is unpacked. */
export interface UnpackedImage {
  /** Its name in full: `docker.io/library/alpine:3.20`. */
  name: string;
  /** The first 12 digits of the digest of its config. */
  id: string;
  /** Where its layers are, with `manifest.json`, `config.json` and `layers.json`. */
  directory: string;
}

/** An image that was pulled and unpacked. */
export interface PulledImage extends UnpackedImage {
  /** Its layers, base first; their paths are inside the directory. */
  layers: UnpackedLayer[];
  /** What was not unpacked as the image has it, if it was unpacked just now. */
  skipped: Skipped[];
}

/**
 * The images of a store that are unpacked, in its directory: `images/ID/HEX/fs` for each layer, and `images.json`, which tells
 * which ID a name has: repository → tag → ID. Those of a namespace of its own are in `namespaces/NAMESPACE`. Several processes may work with them at once, and may be killed at any
 * moment; what is there is whole.
 *
 * @example
 * ```ts
 * import { memory } from "@gantry/oci/content";
 * import { copy } from "@gantry/oci/copy";
 * import { emptyImage, filesLayer } from "@gantry/oci/image";
 * import { unpackedImages } from "@gantry/oci/images";
 * import { store } from "@gantry/oci/store";
 *
 * const source = memory();
 * await copy(emptyImage().append(filesLayer({ "etc/motd": "hello" }, { compression: "none" })), source, { name: "v1" });
 * await using there = store(await Deno.makeTempDir());
 * const images = unpackedImages(there);
 * const { directory, layers } = await images.pull(source, "localhost/app:v1");
 * console.log(await Deno.readTextFile(`${directory}/${layers[0]!.path}/etc/motd`)); // hello
 * await images.remove("localhost/app:v1");
 * ```
 */
export function unpackedImages(store: Store): UnpackedImages {
  return new UnpackedImages(store);
}

/** See {@link unpackedImages}. */
export class UnpackedImages {
  readonly #store: Store;
  readonly #directory: string;
  readonly #state: GantryDirectory;
  readonly #names: NamesFile;

  /** For {@link unpackedImages}. */
  constructor(store: Store) {
    const { directory, namespace } = store;
    // What other namespaces have is not ours to prune.
    const root = namespace === "default" ? directory : join(directory, "namespaces", namespace);
    this.#store = store;
    this.#directory = join(root, "images");
    this.#state = new GantryDirectory(gantryDirectoryIn(this.#directory));
    this.#names = new NamesFile(root, this.#state);
  }

  /**
   * Pulls an image into the store and unpacks it, as far as that has not been done: when all of it is here, nothing is
   * fetched, and the source is only asked what the name stands for. Processes that want the same image at once share the
   * download, and one of them unpacks while the others wait. Of an index, the image that does best for the platforms that
   * match is unpacked. Default: those of this machine.
   *
   * @throws {GantryError} `no-platform`; `conflict` when another image has the same ID; what {@link Store.pull} and
   * `unpackLayers` throw.
   */
  async pull(source: Source, reference: string, options: UnpackedPullOptions = {}): Promise<PulledImage> {
    const {
      signal,
      platforms = runsOnHost(hostPlatform({ os: process.platform, architecture: process.arch })),
    } = options;
    const { image: { name, target } } = await this.#store.pull(source, reference, { ...options, platforms });
    const parsed = parseReference(name);
    const repository = this.#store.repository(`${parsed.registry}/${parsed.repository}`);
    const image = await chooseImage(await openRoot(repository, target, { signal }), platforms, { signal });
    const id = hexOf(await image.configName({ signal })).slice(0, 12);
    for (;;) {
      const skipped = await this.#unpack(image, id, options);
      const layers = await this.#record(parsed, id, options);
      if (layers) return { name, id, directory: this.#path(id), layers, skipped };
    }
  }

  /** All that are unpacked, in the order of their names; an image with several names is there several times. */
  async list({ signal }: Options = {}): Promise<UnpackedImage[]> {
    signal?.throwIfAborted();
    return imagesIn(await this.#onDisk("list", () => this.#names.read()))
      .map(({ name, id }) => ({ name, id, directory: this.#path(id) }));
  }

  /**
   * Takes a name away, in the store too, and what is unpacked when no other name stands for it. Names that are no
   * references, which a store may have, are taken as they are.
   *
   * @throws {GantryError} `not-found` when there is no such image.
   */
  async remove(name: string, { signal }: Options = {}): Promise<void> {
    const full = fullName(name);
    await this.#change("remove", async (names) => {
      const unpacked = imagesIn(names).find((image) => image.name === full);
      if (unpacked) {
        names.get(unpacked.repository)!.delete(unpacked.tag);
        await this.#names.write(names);
      }
      await this.#store.images.delete(full, { signal }).catch((error) => {
        // Somebody has taken it from the store alone.
        if (!unpacked || !GantryError.is(error, "not-found")) throw error;
      });
      return unpacked ? unnamed(names, unpacked.id) : [];
    }, { signal });
  }

  /**
   * Removes what is unpacked and has no name, or whose name the store no longer has, and what was left by processes that
   * were killed; gives the IDs.
   *
   * @param options `dryRun`: tells what would be removed, and removes nothing.
   */
  async prune({ signal, dryRun }: Options & { dryRun?: boolean | undefined } = {}): Promise<string[]> {
    let unused: string[] = [];
    const removed = await this.#change("prune", async (names) => {
      for (const { name, repository, tag } of imagesIn(names)) {
        if (!await this.#isInStore(name, { signal })) names.get(repository)!.delete(tag);
      }
      const used = new Set(imagesIn(names).map(({ id }) => id));
      unused = (await this.#idsOnDisk()).filter((id) => !used.has(id));
      if (dryRun) return [];
      await this.#names.write(names);
      return unused;
    }, { signal });
    if (!dryRun) await this.#clearLeft({ signal });
    return dryRun ? unused : removed;
  }

  #path(id: string): string {
    return join(this.#directory, id);
  }

  /** Unpacks an image, unless that has been done or another process does. */
  async #unpack(image: Image, id: string, options: UnpackedPullOptions): Promise<Skipped[]> {
    const { owners, jobs, limits, signal } = options;
    if (await this.#isUnpacked(image, id, { signal })) return [];
    try {
      const unpacking = { owners, jobs, limits, wait: Infinity, signal };
      return (await unpackLayers(image, this.#path(id), unpacking)).skipped;
    } catch (error) {
      if (GantryError.is(error, "conflict") && await this.#isUnpacked(image, id, { signal })) return [];
      throw error;
    }
  }

  /** Whether an image is there; what is there is whole. */
  async #isUnpacked(image: Image, id: string, options: Options): Promise<boolean> {
    const manifest = await readSmall(join(this.#path(id), "manifest.json"), documentLimit);
    if (!manifest) return false;
    const expected = await image.configName(options);
    const { config: { digest } } = parseManifest(manifest);
    if (digest === expected) return true;
    throw new GantryError("conflict", `unpack image ${expected}: ${digest} has its ID, ${id}`);
  }

  /** Gives an image its name, and its layers; nothing when another process has removed it meanwhile. */
  async #record(reference: Reference, id: string, { signal }: Options): Promise<UnpackedLayer[] | undefined> {
    let layers: UnpackedLayer[] | undefined;
    await this.#change("record", async (names) => {
      const bytes = await readSmall(join(this.#path(id), "layers.json"), documentLimit);
      if (!bytes) return [];
      layers = JSON.parse(new TextDecoder().decode(bytes)) as UnpackedLayer[];
      const tags = names.get(repositoryOf(reference)) ?? new Map<string, string>();
      if (tags.get(tagOf(reference)) === id) return [];
      const before = tags.get(tagOf(reference));
      names.set(repositoryOf(reference), tags.set(tagOf(reference), id));
      await this.#names.write(names);
      return before === undefined ? [] : unnamed(names, before);
    }, { signal });
    return layers;
  }

  /**
   * Changes names while nobody else does, and removes the images that nobody needs any longer, as `work` tells; gives the
   * IDs of those.
   */
  async #change(
    what: string,
    work: (names: Names) => Promise<string[]>,
    { signal }: Options,
  ): Promise<string[]> {
    const taken = new Map<string, AsyncDisposable>();
    const take = async () => {
      for (const id of await work(await this.#names.read())) {
        try {
          taken.set(id, await takeAway(this.#path(id), { signal }));
        } catch (error) {
          // Another process unpacks it at this moment, and is about to need it.
          if (!GantryError.is(error, "conflict")) throw error;
        }
      }
    };
    await this.#onDisk(what, () => this.#state.locked(take, { wait: Infinity, signal }));
    for (const one of taken.values()) await one[Symbol.asyncDispose]();
    return [...taken.keys()];
  }

  async #isInStore(name: string, options: Options): Promise<boolean> {
    return await this.#store.images.get(name, options).then(() => true, (error) => {
      if (GantryError.is(error, "not-found")) return false;
      throw error;
    });
  }

  /** The IDs of what is unpacked, or is being unpacked, or has been begun. */
  async #idsOnDisk(): Promise<string[]> {
    const names = await ifThere(readdir(this.#directory)) ?? [];
    return [...new Set([...names, ...begun(names)].filter(isID))].sort();
  }

  /** Removes what killed processes have left beside images that have names. */
  async #clearLeft(options: Options): Promise<void> {
    for (const id of begun(await ifThere(readdir(this.#directory)) ?? []).filter(isID)) {
      await clearLeft(this.#path(id), options).catch((error) => {
        // Another process unpacks it at this moment.
        if (!GantryError.is(error, "conflict")) throw error;
      });
    }
  }

  #onDisk<T>(what: string, work: () => Promise<T>): Promise<T> {
    return onDisk(`${what} unpacked images in ${JSON.stringify(this.#store.directory)}`, work);
  }
}

/** What is beside these names to be, or was. */
function begun(names: readonly string[]): string[] {
  return names.filter((name) => name.endsWith(incompleteSuffix))
    .map((name) => name.slice(0, -incompleteSuffix.length));
}

interface Named {
  name: string;
  repository: string;
  tag: string;
  id: string;
}

function imagesIn(names: Names): Named[] {
  return [...names].flatMap(([repository, tags]) =>
    [...tags].map(([tag, id]) => ({
      name: `${repository}${tag.includes(":") ? "@" : ":"}${tag}`,
      repository,
      tag,
      id,
    }))
  );
}

function repositoryOf({ registry, repository }: Reference): string {
  return `${registry}/${repository}`;
}

/** With both a tag and a digest, an image has no tag in the store. */
function tagOf({ tag, digest }: Reference): string {
  return digest ?? tag!;
}

function fullName(name: string): string {
  try {
    const { digest, ...named } = parseReference(name);
    const { registry, repository } = named;
    return formatReference(digest === undefined ? named : { registry, repository, digest });
  } catch {
    return name;
  }
}

/** The ID, unless a name stands for it. */
function unnamed(names: Names, id: string): string[] {
  return imagesIn(names).some((other) => other.id === id) ? [] : [id];
}
