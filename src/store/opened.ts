import type { Options, Part, Source } from "../content/contracts.ts";
import { onDisk } from "../disk/errors.ts";
import { GantryError } from "../errors.ts";
import { openRoot } from "../image/open.ts";
import type { PlatformMatcher } from "../spec/platform_match.ts";
import { isRegistry, isRepository } from "../spec/reference.ts";
import type { Blobs, Sessions } from "./blobs.ts";
import { type CheckedImage, checkImage } from "./check.ts";
import { ContentStore } from "./content.ts";
import { Documents } from "./documents.ts";
import { Events, type StoreEvent } from "./events.ts";
import { type CheckedStore, checkStore, type CheckStoreOptions } from "./fsck.ts";
import { collectStore, namespacesOf, type StoreCollected, type StoreCollectOptions } from "./gc.ts";
import { ImageStore } from "./images.ts";
import { importImages, type StoreImportOptions } from "./import.ts";
import { LeaseStore } from "./leases.ts";
import { LinkedRepository } from "./linked_repository.ts";
import { listAll, type Metadata } from "./metadata.ts";
import { Namespace } from "./namespace.ts";
import { type Pulled, pullImage, type StorePullOptions } from "./pull.ts";
import type { StoredImage } from "./records.ts";
import { repositoryOf } from "./repositories.ts";
import { RepositoryTarget } from "./repository.ts";
import { type Scrubbed, type ScrubOptions, scrubStore } from "./scrub.ts";
import { keepsPlatforms, keepsPresent, sparse } from "./sparse.ts";
import type { RegistryRepository, StoreRepository } from "./repository_type.ts";
import type { Store, StoreOptions } from "./types.ts";

/** What a store is made of. */
export interface StoreParts {
  /** Where it is. */
  readonly directory: string;
  readonly metadata: Metadata;
  readonly blobs: Blobs;
  readonly sessions: Sessions;
}

/**
 * Opens a store of these parts.
 *
 * @throws {GantryError} `invalid-name` for what cannot be a namespace.
 */
export function openStore(parts: StoreParts, options: StoreOptions = {}): Store {
  const { namespace = "default", now = () => new Date() } = options;
  // https://github.com/containerd/containerd/blob/main/pkg/identifiers/validate.go
  if (namespace.length > 76 || !/^[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$/.test(namespace)) {
    const reason = `${JSON.stringify(namespace)} is no namespace`;
    throw new GantryError("invalid-name", `open store ${JSON.stringify(parts.directory)}: ${reason}`);
  }
  const shared = { ...parts, events: new Events(), documents: new Documents(), now: () => now().getTime() };
  return new OpenedStore(new Namespace(namespace, shared), parts.metadata);
}

interface ImageOptions extends Options {
  platforms?: PlatformMatcher | undefined;
}

class OpenedStore implements Store {
  readonly images: ImageStore;
  readonly content: ContentStore;
  readonly leases: LeaseStore;
  readonly #namespace: Namespace;
  readonly #metadata: Metadata;
  #unreserve: (() => Promise<void>) | undefined;

  constructor(namespace: Namespace, metadata: Metadata) {
    const collect = ({ signal }: Options) => this.gc({ signal });
    this.images = new ImageStore(namespace, collect);
    this.content = new ContentStore(namespace);
    this.leases = new LeaseStore(namespace, collect);
    this.#namespace = namespace;
    this.#metadata = metadata;
  }

  get directory(): string {
    return this.#namespace.shared.directory;
  }

  get namespace(): string {
    return this.#namespace.name;
  }

  repository(name: string): StoreRepository {
    const slash = name.indexOf("/");
    const rest = slash > 0 && isRegistry(name.slice(0, slash)) ? name.slice(slash + 1) : name;
    if (isRepository(name) || isRepository(rest)) return new RepositoryTarget(name, this.#namespace);
    throw this.#noRepository(name);
  }

  linked(name: string): RegistryRepository {
    if (isRepository(name)) return new LinkedRepository(name, this.#namespace);
    throw this.#noRepository(name);
  }

  async *linkedRepositories(
    options: Options & { after?: string | undefined } = {},
  ): AsyncGenerator<string, void, void> {
    const { shared, buckets } = this.#namespace;
    for await (const { key } of listAll(shared.metadata, buckets.repositories, options)) yield key;
  }

  pull(source: Source, reference: string, options: StorePullOptions = {}): Promise<Pulled> {
    return pullImage(this.#namespace, this.images, source, reference, options);
  }

  import(source: Source, options: StoreImportOptions = {}): Promise<StoredImage[]> {
    return importImages(this.#namespace, this.images, source, options);
  }

  async open(name: string, options: ImageOptions = {}): Promise<Part> {
    const { platforms, signal } = options;
    const { target } = await this.images.get(name, { signal });
    const repository = new RepositoryTarget(repositoryOf(name) ?? name, this.#namespace);
    const isThere = keepsPresent(repository);
    return sparse(
      await openRoot(repository, target, { signal }),
      async (child, more) =>
        (!platforms || await keepsPlatforms(platforms)(child, more)) && await isThere(child, more),
    );
  }

  async check(name: string, { platforms, signal }: ImageOptions = {}): Promise<CheckedImage> {
    const { target } = await this.images.get(name, { signal });
    return await checkImage(this.#namespace, target, platforms, { signal });
  }

  async *repositories(options: Options = {}): AsyncGenerator<string, void, void> {
    const found = new Set<string>();
    const { shared, buckets } = this.#namespace;
    for await (const { key } of listAll(shared.metadata, buckets.images, options)) {
      const name = repositoryOf(key);
      if (name !== undefined) found.add(name);
    }
    yield* [...found].sort();
  }

  async *namespaces({ signal }: Options = {}): AsyncGenerator<string, void, void> {
    for (const { name } of await namespacesOf(this.#namespace.shared, signal)) yield name;
  }

  async *events(options: Options = {}): AsyncGenerator<StoreEvent, void, void> {
    for await (const event of this.#namespace.shared.events.listen(options)) {
      if (event.namespace === this.namespace) yield event;
    }
  }

  gc(options: StoreCollectOptions = {}): Promise<StoreCollected> {
    options.signal?.throwIfAborted();
    const where = this.#namespace.where("collect garbage");
    return onDisk(where, () => collectStore(this.#namespace.shared, options));
  }

  fsck(options: CheckStoreOptions = {}): Promise<CheckedStore> {
    options.signal?.throwIfAborted();
    return onDisk(this.#namespace.where("check"), () => checkStore(this.#namespace.shared, options));
  }

  async *scrub(options: ScrubOptions = {}): AsyncGenerator<Scrubbed, void, void> {
    yield* scrubStore(this.#namespace, options);
  }

  async reserve(bytes: number): Promise<void> {
    const { blobs } = this.#namespace.shared;
    const before = this.#unreserve;
    this.#unreserve = await onDisk(
      this.#namespace.where("reserve room"),
      async () => await blobs.reserve?.(bytes),
    );
    await before?.();
  }

  async close(): Promise<void> {
    await this.#metadata[Symbol.asyncDispose]();
    await this.#unreserve?.();
  }

  #noRepository(name: string): GantryError {
    const action = `open repository ${JSON.stringify(name)}`;
    return new GantryError("invalid-name", `${this.#namespace.where(action)}: not a repository's name`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
