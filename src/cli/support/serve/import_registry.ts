import { streamOf } from "../../../bytes.ts";
import type { Options } from "../../../content/mod.ts";
import { ifFound } from "../../../content/if_found.ts";
import { documentLimit, readDocument } from "../../../content/read.ts";
import { childrenOf } from "../../../content/relations.ts";
import { factsOf, readSmall } from "../../../disk/files.ts";
import { fileStream } from "../../../disk/stream.ts";
import { digestBytes } from "../../../digest/mod.ts";
import { GantryError } from "../../../errors.ts";
import {
  algorithmOf,
  type Digest,
  isDocumentType,
  isForeignType,
  mediaTypes,
  parseDocument,
} from "../../../spec/mod.ts";
import type { RegistryRepository, Store } from "../../../store/mod.ts";
import { DockerRegistryDirectory, type RegistryLink, type RegistryTag } from "./docker_registry.ts";

/** How many blobs or manifests are taken at the same time. */
const concurrency = 8;

/** What was taken over of a repository, or was there already. */
export interface Imported {
  repository: string;
  blobs: number;
  manifests: number;
  tags: number;
}

/** How to take a registry over. */
export interface ImportRegistryOptions extends Options {
  /** Told of each repository once all of it is there. */
  onRepository: (imported: Imported) => Promise<void>;
  /** Told of what is broken or not there, and is left behind. */
  onProblem: (line: string) => void;
}

/**
 * Takes over what docker-registry keeps in a directory: every blob verified, linked to where the disk can, the manifests as
 * they are, the tags. It may be ended at any moment and begun anew: what is there is not read again. Tags that were
 * given here since stay.
 *
 * @throws {GantryError} `not-found` where no registry has kept anything in the directory.
 */
export async function importRegistry(
  directory: string,
  there: Store,
  options: ImportRegistryOptions,
): Promise<void> {
  const from = new DockerRegistryDirectory(directory);
  await from.require();
  for await (const name of from.repositories()) {
    options.signal?.throwIfAborted();
    const imported = await new RepositoryImport(from, there, name, options).run();
    await options.onRepository(imported);
  }
}

class RepositoryImport {
  readonly #from: DockerRegistryDirectory;
  readonly #there: Store;
  readonly #name: string;
  readonly #to: RegistryRepository;
  readonly #options: ImportRegistryOptions;
  readonly #manifests = new Map<Digest, Promise<boolean>>();
  readonly #revisions = new Map<Digest, RegistryLink>();

  constructor(from: DockerRegistryDirectory, there: Store, name: string, options: ImportRegistryOptions) {
    this.#from = from;
    this.#there = there;
    this.#name = name;
    this.#to = there.linked(name);
    this.#options = options;
  }

  async run(): Promise<Imported> {
    // A blob may be older than any grace, and its manifest comes last.
    await using _lease = await this.#to.lease({ signal: this.#options.signal });
    const blobs = await this.#forEach(this.#from.layers(this.#name), (link) => this.#blob(link));
    for await (const link of this.#from.revisions(this.#name)) this.#revisions.set(link.digest, link);
    const manifests = await this.#forEach(this.#revisions.values(), (link) => this.#manifest(link));
    let tags = 0;
    // In the order in which they were given: what keeps the last ones goes by that.
    const all = await Array.fromAsync(this.#from.tags(this.#name));
    for (const tag of all.sort((a, b) => a.changed.getTime() - b.changed.getTime())) {
      if (await this.#orLeft(`${this.#name}:${tag.tag}`, () => this.#tag(tag))) tags++;
    }
    return { repository: this.#name, blobs, manifests, tags };
  }

  async #blob({ digest, kept }: RegistryLink): Promise<boolean> {
    return await this.#orLeft(`${this.#name}@${digest}`, async () => {
      const { signal } = this.#options;
      if (await ifFound(this.#to.resolve(digest, { role: "blob", signal }))) return true;
      const file = this.#from.blob(kept);
      const size = (await factsOf(file))?.size;
      if (size === undefined) throw new GantryError("not-found", "its blob is not there");
      await this.#to.write({
        mediaType: mediaTypes.octetStream,
        digest,
        size,
        replayable: true,
        file: () => Promise.resolve(file),
        open: ({ start = 0, signal } = {}) => Promise.resolve(fileStream(file, start, size, signal)),
      }, { role: "blob", session: `import-${digest.replace(":", "-")}`, signal });
      return true;
    });
  }

  /** What it names comes first, so that it is kept with it. */
  #manifest(link: RegistryLink): Promise<boolean> {
    const { digest } = link;
    const known = this.#manifests.get(digest) ??
      this.#orLeft(`${this.#name}@${digest}`, () => this.#takeManifest(link));
    this.#manifests.set(digest, known);
    return known;
  }

  async #takeManifest({ digest, kept }: RegistryLink): Promise<boolean> {
    const { signal } = this.#options;
    const found = await ifFound(this.#to.resolve(digest, { signal }));
    const bytes = found
      ? await readDocument(this.#to, found.descriptor, { role: "manifest", signal })
      : await readSmall(this.#from.blob(kept), documentLimit);
    if (!bytes) throw new GantryError("not-found", "its blob is not there");
    if (await digestBytes(bytes, algorithmOf(digest)) !== digest) {
      throw new GantryError("digest-mismatch", "its bytes are others");
    }
    const { kind, mediaType } = parseDocument(bytes, { what: "it" });
    if (kind === "schema1") throw new GantryError("unsupported", "it is of Docker's schema 1");
    for (const child of childrenOf(bytes, mediaType)) {
      if (!isForeignType(child.mediaType)) await this.#child(digest, child);
    }
    const open = () => Promise.resolve(streamOf(bytes));
    const content = { mediaType, digest, size: bytes.byteLength, replayable: true, open };
    if (!found) await this.#to.write(content, { role: "manifest", signal });
    return true;
  }

  async #child(parent: Digest, { digest, mediaType }: { digest: Digest; mediaType: string }): Promise<void> {
    const revision = isDocumentType(mediaType) ? this.#revisions.get(digest) : undefined;
    if (revision) return void await this.#manifest(revision);
    const { signal, onProblem } = this.#options;
    const role = isDocumentType(mediaType) ? "manifest" : "blob";
    if (await ifFound(this.#to.resolve(digest, { role, signal }))) return;
    onProblem(`${this.#name}@${parent}: names ${digest}, which is not there`);
  }

  async #tag({ tag, digest, changed }: RegistryTag): Promise<boolean> {
    const { signal } = this.#options;
    const { descriptor } = await this.#to.resolve(digest, { signal });
    const now = await ifFound(this.#there.images.get(`${this.#name}:${tag}`, { signal }));
    if (now?.target.digest === digest) return true;
    if (now && now.updatedAt >= changed) throw new GantryError("conflict", "it was given here since");
    await this.#to.tag(tag, descriptor, { expect: now?.target.digest ?? null, signal });
    return true;
  }

  /** Whether it was taken. What is wrong with one thing keeps nothing else back; what the disk refuses does. */
  async #orLeft(what: string, work: () => Promise<boolean>): Promise<boolean> {
    try {
      return await work();
    } catch (error) {
      const isBroken = GantryError.is(
        error,
        "not-found",
        "digest-mismatch",
        "size-mismatch",
        "invalid-document",
        "too-large",
        "unsupported",
        "conflict",
      );
      if (!isBroken) throw error;
      this.#options.onProblem(`${what}: ${error.message}`);
      return false;
    }
  }

  /** How many of them it was true for. */
  async #forEach(
    links: AsyncIterable<RegistryLink> | Iterable<RegistryLink>,
    work: (link: RegistryLink) => Promise<boolean>,
  ): Promise<number> {
    let count = 0;
    const queue = (async function* () {
      yield* links;
    })();
    await Promise.all(Array.from({ length: concurrency }, async () => {
      for (let next = await queue.next(); !next.done; next = await queue.next()) {
        this.#options.signal?.throwIfAborted();
        if (await work(next.value)) count++;
      }
    }));
    return count;
  }
}
