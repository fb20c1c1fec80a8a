import type { Options, Part, Source } from "../content/contracts.ts";
import type { PlatformMatcher } from "../spec/platform_match.ts";
import type { CheckedImage } from "./check.ts";
import type { ContentStore } from "./content.ts";
import type { StoreEvent } from "./events.ts";
import type { CheckedStore, CheckStoreOptions } from "./fsck.ts";
import type { StoreCollected, StoreCollectOptions } from "./gc.ts";
import type { ImageStore } from "./images.ts";
import type { StoreImportOptions } from "./import.ts";
import type { LeaseStore } from "./leases.ts";
import type { Pulled, StorePullOptions } from "./pull.ts";
import type { StoredImage } from "./records.ts";
import type { RegistryRepository, StoreRepository } from "./repository_type.ts";
import type { Scrubbed, ScrubOptions } from "./scrub.ts";

/** How to open a store. */
export interface StoreOptions {
  /** Whose images, content and leases are seen; blobs are shared by all. Default: `default`. */
  namespace?: string | undefined;
  /**
   * Takes blobs from another place on the same disk without copying their bytes: by hard links, where the disk can. What
   * is written over the file of one place is then seen in the other. Default: false.
   */
  link?: boolean | undefined;
  /** The time that records are given. Default: the clock's. */
  now?: (() => Date) | undefined;
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
  /**
   * Pulls an image from wherever a source is: `reference` says what it is called in the store, as `docker pull` takes
   * names. Nothing is fetched when all of it is here. Pulls that want the same blob at once, also in other processes,
   * share its download, and go on where one that was killed has stopped.
   *
   * @throws {GantryError} `denied` when a verifier refuses it, `digest-mismatch`, and what the source throws.
   */
  pull(source: Source, reference: string, options?: StorePullOptions): Promise<Pulled>;
  /**
   * Puts all images of an archive or a layout into the store, and gives what was named: containerd's full name, or
   * else the one that stands in its index. What an index names and is not there is left out.
   *
   * @throws {GantryError} `unsupported` when the source cannot list what is in it, and what it throws.
   */
  import(source: Source, options?: StoreImportOptions): Promise<StoredImage[]>;
  /**
   * Opens an image as it is here, to be copied or saved: of an index, only what is here goes along.
   *
   * @param options `platforms`: of an index, only the images for these.
   * @throws {GantryError} `not-found`.
   */
  open(name: string, options?: Options & { platforms?: PlatformMatcher | undefined }): Promise<Part>;
  /**
   * Looks what of an image is here.
   *
   * @param options `platforms`: of an index, only the images for these.
   * @throws {GantryError} `not-found` when there is no such image.
   */
  check(name: string, options?: Options & { platforms?: PlatformMatcher | undefined }): Promise<CheckedImage>;
  /**
   * Opens a repository as registries have them: what can be read through it is what was written through it, and what it
   * no longer has can still be read through others that have it. Bytes go with {@link Store.gc}; a manifest stays until it
   * is deleted, with a tag or without.
   *
   * @throws {GantryError} `invalid-name`.
   */
  linked(name: string): RegistryRepository;
  /** The names of the repositories in which something is as {@link Store.linked} writes it, in the order of their bytes. */
  linkedRepositories(options?: Options & { after?: string | undefined }): AsyncIterable<string>;
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
  /**
   * Reads all content of all namespaces again, one blob after the other, slowly if that is wanted; to be run from time to
   * time where what is read is not verified at each read. What is not what its name says goes to `.gantry/corrupt`: it is
   * missing from then on, so that nobody gets it and it can be written again. Its records stay.
   */
  scrub(options?: ScrubOptions): AsyncIterable<Scrubbed>;
  /**
   * Keeps so many bytes of the disk, until the store is closed: when it is full, what is there can still be deleted,
   * collected, and unfinished writes ended, in that room.
   */
  reserve(bytes: number): Promise<void>;
  /** Lets go of the database. */
  close(): Promise<void>;
}
