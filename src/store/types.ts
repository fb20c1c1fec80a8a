import type { Options, Target } from "../content/contracts.ts";
import type { ContentStore } from "./content.ts";
import type { StoreEvent } from "./events.ts";
import type { CheckedStore, CheckStoreOptions } from "./fsck.ts";
import type { StoreCollected, StoreCollectOptions } from "./gc.ts";
import type { ImageStore } from "./images.ts";
import type { LeaseStore } from "./leases.ts";

/** How to open a store. */
export interface StoreOptions {
  /** Whose images, content and leases are seen; blobs are shared by all. Default: `default`. */
  namespace?: string | undefined;
  /** The time that records are given. Default: the clock's. */
  now?: (() => Date) | undefined;
}

/** One repository of a store, as a target. */
export interface StoreRepository extends Required<Omit<Target, "complete" | "names">> {
  /** Its name in full: `docker.io/library/alpine`. */
  readonly name: string;
  /** The tags, in the order of their bytes; those behind `after`, if it is given. */
  names(options?: Options & { after?: string | undefined }): AsyncIterable<string>;
}

/** Images, content and leases on a disk, as {@link store} opens them. */
export interface Store extends AsyncDisposable {
  /** Where it is. */
  readonly directory: string;
  /** Whose images, content and leases these are. */
  readonly namespace: string;
  /** The images: names and what they stand for. */
  readonly images: ImageStore;
  /** The content: blobs, and what is known of them. */
  readonly content: ContentStore;
  /** What is kept although no image leads to it. */
  readonly leases: LeaseStore;
  /**
   * One repository as a target: its tags are the images that are called `NAME:TAG`. A manifest or blob can be read
   * through every repository of the namespace by whoever knows its digest.
   *
   * @throws {GantryError} `invalid-name`.
   */
  repository(name: string): StoreRepository;
  /** The names of all repositories that have images, in the order of their bytes. */
  repositories(options?: Options): AsyncIterable<string>;
  /** The namespaces in which something has been written. */
  namespaces(options?: Options): AsyncIterable<string>;
  /** What happens from now on in this namespace through this instance. */
  events(options?: Options): AsyncIterable<StoreEvent>;
  /**
   * Collects garbage in all namespaces: removes the images and leases that have expired, and the content to which
   * nothing leads any longer. What other processes are writing or are about to refer to stays.
   */
  gc(options?: StoreCollectOptions): Promise<StoreCollected>;
  /** Reads all content of all namespaces and tells what is wrong. With `repair`, what is wrong is removed. */
  fsck(options?: CheckStoreOptions): Promise<CheckedStore>;
  /** Lets go of the database. */
  close(): Promise<void>;
}
