import { setTimeout } from "node:timers/promises";
import type { Options } from "../content/contracts.ts";
import { childrenOf } from "../content/relations.ts";
import { missing } from "../disk/blob_directory.ts";
import { onDisk } from "../disk/errors.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { isDocumentType, isForeignType } from "../spec/media_type.ts";
import type { Blobs, Sessions } from "./blobs.ts";
import { childrenLabels } from "./children_labels.ts";
import type { Documents } from "./documents.ts";
import type { Events } from "./events.ts";
import { labelNames } from "./labels.ts";
import type { Change, Metadata } from "./metadata.ts";
import { type Buckets, bucketsOf, type ContentValue, namespacesBucket, valueOf } from "./records.ts";

/** What all namespaces of a store share. */
export interface Shared {
  /** Where the store is. */
  readonly directory: string;
  readonly metadata: Metadata;
  readonly blobs: Blobs;
  readonly sessions: Sessions;
  readonly events: Events;
  readonly documents: Documents;
  /** The time, in milliseconds since 1970. */
  readonly now: () => number;
}

/** What is to be done to records, and what is then known. */
export interface Plan<T> {
  readonly changes: readonly Change[];
  readonly result: T;
}

/** How long to try again when others change the same records, in milliseconds. */
const patience = 60_000;

/** One namespace of a store, as images, content and leases see it. */
export class Namespace {
  readonly name: string;
  readonly shared: Shared;
  readonly buckets: Buckets;
  #there = false;

  constructor(name: string, shared: Shared) {
    this.name = name;
    this.shared = shared;
    this.buckets = bucketsOf(name);
  }

  /** Changes records as a plan says, which is made anew whenever others were faster. */
  async change<T>(plan: () => Promise<Plan<T>>, options: Options = {}): Promise<T> {
    const { metadata } = this.shared;
    const end = performance.now() + patience;
    for (let pause = 1;; pause = Math.min(pause * 2, 64)) {
      options.signal?.throwIfAborted();
      const { changes, result } = await plan();
      await this.shared.blobs.flush(); // what records refer to is there for good before they are
      if (changes.length === 0) return result;
      if (await metadata.commit([...await this.#registration(), ...changes], options)) {
        this.#there = true;
        return result;
      }
      if (performance.now() > end) {
        throw new GantryError(
          "unavailable",
          `${this.where("change records")}: others change them all the time`,
        );
      }
      await setTimeout(pause * Math.random());
    }
  }

  /** Does something that refers to content, which no collection of garbage takes away meanwhile. */
  leased<T>(work: () => Promise<T>): Promise<T> {
    return this.shared.blobs.leased(work);
  }

  /**
   * Makes sure that content is there and stays, and tells the changes that go with a reference to it: its record gets
   * a new version, by which a collection of garbage sees that it is wanted. Where it has none, as its last one was
   * collected or another tool put the file there, one is made, and for a document of all that it names, which must be
   * there too. Content that was written by itself is known for a manifest once something names it so, and keeps
   * from then on what it names.
   *
   * @throws {GantryError} `not-found`, `size-mismatch`.
   */
  async referTo(descriptor: Descriptor, options: Options = {}): Promise<Change[]> {
    const changes = new Map<string, Change>();
    await this.#refer(descriptor, changes, options);
    return [...changes.values()];
  }

  async #refer(descriptor: Descriptor, changes: Map<string, Change>, options: Options): Promise<void> {
    const { digest, size, mediaType } = descriptor;
    if (changes.has(digest)) return;
    const { blobs, metadata } = this.shared;
    const found = await blobs.claim({ digest });
    if (found === undefined) throw missing(digest, this.shared.directory);
    if (found !== size) {
      throw new GantryError("size-mismatch", `read ${blobs.path(digest)}: ${found} bytes, expected ${size}`);
    }
    const { content: bucket } = this.buckets;
    const entry = await metadata.get(bucket, digest, options);
    const known = entry && valueOf<ContentValue>(entry);
    if (known && !isNewDocument(known, mediaType)) return void changes.set(digest, { bucket, key: digest });
    const children = isDocumentType(mediaType)
      ? childrenOf(await blobs.read({ digest, size }, options), mediaType)
      : [];
    const labels = { ...known?.labels, ...childrenLabels(children) };
    const value = known
      ? JSON.stringify({ ...known, mediaType, labels, updatedAt: this.shared.now() })
      : this.contentText({ size, mediaType, labels });
    changes.set(digest, { bucket, key: digest, value, expect: entry?.version ?? null });
    for (const child of children) {
      if (isForeignType(child.mediaType)) continue;
      // Whoever wrote it by itself need not have written all that it names.
      if (known && await blobs.claim({ digest: child.digest }) !== child.size) continue;
      await this.#refer(child, changes, options);
    }
  }

  /** The text of a new record of content. */
  contentText(value: Pick<ContentValue, "size" | "mediaType" | "labels">): string {
    const now = this.shared.now();
    return JSON.stringify({ ...value, createdAt: now, updatedAt: now });
  }

  /** Whether content has a record here. */
  async has(digest: Digest, options: Options = {}): Promise<boolean> {
    return await this.shared.metadata.get(this.buckets.content, digest, options) !== undefined;
  }

  /** Does something on the disk; errors begin with what was to be done, and where. */
  async do<T>(action: string, { signal }: Options, work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    return await onDisk(this.where(action), work);
  }

  /** What is done, and where. */
  where(action: string): string {
    return `${action} in store ${JSON.stringify(this.shared.directory)}`;
  }

  /** The error for what is not there. */
  notFound(action: string, reason: string): GantryError {
    return new GantryError("not-found", `${this.where(action)}: ${reason}`);
  }

  /** With the first change the namespace is written down, so that collections of garbage look into it. */
  async #registration(): Promise<Change[]> {
    if (this.#there) return [];
    const bucket = namespacesBucket;
    if (await this.shared.metadata.get(bucket, this.name)) return [];
    return [{ bucket, key: this.name, value: "{}", expect: null }];
  }
}

/** Whether something is named as a manifest or index that so far was only content, with no labels of what it names. */
function isNewDocument({ mediaType, labels }: ContentValue, named: string): boolean {
  return mediaType === undefined && isDocumentType(named) &&
    !Object.keys(labels).some((key) => key.startsWith(labelNames.content));
}
