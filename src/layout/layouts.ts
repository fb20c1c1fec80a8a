import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { isRepository } from "../spec/reference.ts";
import type { Collected } from "../disk/gc_sweep.ts";
import { collect, type CollectOptions } from "./gc.ts";
import { factsOf } from "../disk/files.ts";
import { ifThere, onDisk } from "../disk/errors.ts";
import { IndexFile } from "./index_file.ts";
import type { Layout } from "./types.ts";
import { GantryDirectory } from "../disk/gantry_directory.ts";
import { gantryDirectoryIn } from "../disk/gantry_directory.ts";
import { LayoutBlobs } from "./layout_blobs.ts";
import { LayoutTarget } from "./layout_target.ts";
import { ListingCache } from "./listing_cache.ts";
import { RepositoryBlobs, sweepLinks } from "./repository_blobs.ts";

/** No repository has a component of this name, as they begin with a letter or digit. */
const leaf = "_layout";

/** How to open a directory of repositories. */
export interface LayoutsOptions {
  /**
   * How many manifests that have lost their last tag stay listed in a repository, so that they can be pulled by their
   * digests: those that have lost it last. What was written without a tag stays. Default: 1000.
   */
  untagged?: number | undefined;
}

/** The repositories of one directory, as {@link layouts} opens them. */
export interface Layouts {
  /**
   * Opens a repository; it comes with the first write.
   *
   * @throws {GantryError} `invalid-name` for what cannot be a repository's name.
   */
  (repository: string): Layout;
  /** The names of the repositories that are there, in the order of their bytes. */
  repositories(options?: Options): AsyncIterable<string>;
  /** Collects the garbage of them all, as {@link Layout.gc} does for one layout. */
  gc(options?: CollectOptions): Promise<Collected>;
}

/**
 * Opens a directory of many repositories that share their blobs, as a registry's server wants them. Each is a layout in
 * `repositories/NAME/_layout`, which skopeo and podman read when they are told where the blobs are.
 *
 * A manifest belongs to the repositories whose index.json leads to it. A blob can be read through those that it came
 * through or whose manifests name it, and cannot be deleted in one; `gc` removes those that none needs.
 *
 * @example
 * ```ts
 * import { copy } from "@gantry/oci/copy";
 * import { emptyImage } from "@gantry/oci/image";
 * import { layouts } from "@gantry/oci/layout";
 *
 * const repositories = layouts(await Deno.makeTempDir());
 * await copy(emptyImage(), repositories("acme/app"), { name: "v1" });
 * for await (const name of repositories.repositories()) console.log(name); // acme/app
 * ```
 */
export function layouts(root: string, { untagged: mostUnnamed = 1000 }: LayoutsOptions = {}): Layouts {
  const state = new GantryDirectory(gantryDirectoryIn(root));
  const home = join(root, "repositories");
  const cache = new ListingCache();
  const indexOf = (name: string) => new IndexFile(join(home, ...name.split("/"), leaf), state, cache);
  const all = async () => (await findRepositories(home)).map(indexOf);
  const store = new LayoutBlobs(join(root, "blobs"), state, { all, shared: true, mostUnnamed });
  const where = `in ${JSON.stringify(root)}`;

  const open = (repository: string): Layout => {
    if (isRepository(repository)) {
      const index = indexOf(repository);
      return new LayoutTarget(index, store, { blobs: new RepositoryBlobs(index, store.documents) });
    }
    throw new GantryError(
      "invalid-name",
      `open repository ${JSON.stringify(repository)} ${where}: not a repository's name`,
    );
  };
  return Object.assign(open, {
    async *repositories({ signal }: Options = {}): AsyncGenerator<string, void, void> {
      signal?.throwIfAborted();
      yield* await onDisk(`list repositories ${where}`, () => findRepositories(home));
    },
    gc: (options: CollectOptions = {}) => {
      options.signal?.throwIfAborted();
      return onDisk(`collect garbage ${where}`, async () => {
        const collected = await collect(store, all, options);
        for (const { directory } of await all()) await sweepLinks(directory, store.blobs);
        return collected;
      });
    },
  });
}

async function findRepositories(home: string): Promise<string[]> {
  const found: string[] = [];
  const stack = [""];
  for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
    const directory = join(home, name);
    const entries = await ifThere(readdir(directory, { withFileTypes: true })) ?? [];
    for (const entry of entries) {
      if (!entry.isDirectory()) continue;
      if (entry.name !== leaf) stack.push(name === "" ? entry.name : `${name}/${entry.name}`);
      else if (name !== "" && await factsOf(join(directory, leaf, "index.json"))) found.push(name);
    }
  }
  return found.sort();
}
