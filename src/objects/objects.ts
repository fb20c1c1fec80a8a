import type { Options, Target } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { isRepository } from "../spec/reference.ts";
import type { Bucket } from "./bucket.ts";
import { collect, type Collected, type CollectOptions } from "./gc.ts";
import { ObjectTarget } from "./object_target.ts";
import { openBucket } from "./open.ts";
import { listRepositories } from "./repositories.ts";

/** Where images are kept, and for how long. */
export interface ObjectsOptions {
  /** What they are in. */
  bucket: Bucket;
  /** What the keys of all objects begin with: `registry`. Default: nothing. */
  prefix?: string | undefined;
  /**
   * Seconds that blobs are kept to which nothing refers; at least the time from the upload of a blob to that of its
   * manifest. All who use the bucket have to say the same. Default: 3600.
   */
  grace?: number | undefined;
  /** Seconds after which an upload that nobody goes on with is given up. Default: a day. */
  expiry?: number | undefined;
  /**
   * Bytes of the parts in which larger blobs are uploaded; some of them are held in memory. A blob may have 10,000 parts.
   * Default: 16 MiB for S3, 8 MiB for others; S3 and R2 take no less than 5 MiB.
   */
  partSize?: number | undefined;
  /** A clock of milliseconds that goes on evenly; tests replace it. Default: `performance.now`. */
  clock?: (() => number) | undefined;
}

/** A repository of a bucket. */
export type ObjectRepository =
  & Target
  & Required<Pick<Target, "names" | "ordered" | "referrers" | "untag" | "delete" | "ingest" | "ingests">>;

/** The repositories of a bucket, as {@link objects} opens them. */
export interface Objects {
  /**
   * Opens a repository; it comes with the first write.
   *
   * @throws {GantryError} `invalid-name` for what cannot be a repository's name.
   */
  (repository: string): ObjectRepository;
  /** The names of the repositories that are there, in the order of their bytes: those behind `after`, or all. */
  repositories(options?: Options & { after?: string | undefined }): AsyncIterable<string>;
  /**
   * Removes blobs that no manifest names, and uploads that nobody goes on with. It may run at any time beside processes
   * that write, and several times at once; its memory does not grow with the bucket.
   *
   * @throws {GantryError} `invalid-document` for a manifest that cannot be read, as it may name anything; `not-found` for
   * a cursor of a run that is over.
   */
  gc(options?: CollectOptions): Promise<Collected>;
}

/**
 * Opens a bucket of many repositories that share their blobs. Any number of processes may use it at once, and may be
 * killed at any moment: whatever is acknowledged is in the bucket, and there are no locks. A blob is to be had through
 * the repositories that have a link to it.
 *
 * @throws {GantryError} `invalid-name` for a prefix that cannot be one.
 *
 * @example
 * ```ts
 * import { copy } from "@gantry/oci/copy";
 * import { emptyImage } from "@gantry/oci/image";
 * import { objects } from "@gantry/oci/objects";
 * import { directory } from "@gantry/oci/objects/directory";
 *
 * const repositories = objects({ bucket: directory(await Deno.makeTempDir()) });
 * await copy(emptyImage(), repositories("acme/app"), { name: "v1" });
 * for await (const name of repositories.repositories()) console.log(name); // acme/app
 * ```
 */
export function objects(options: ObjectsOptions): Objects {
  const store = openBucket(options);
  const open = (repository: string): ObjectRepository => {
    if (isRepository(repository)) return new ObjectTarget(store, repository);
    throw new GantryError(
      "invalid-name",
      `open repository ${JSON.stringify(repository)} in ${store.bucket.name}: not a repository's name`,
    );
  };
  return Object.assign(open, {
    repositories: (options: Options & { after?: string | undefined } = {}) =>
      listRepositories(store, options),
    gc: (options: CollectOptions = {}) => collect(store, options),
  });
}
