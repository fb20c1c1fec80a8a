import { rm } from "node:fs/promises";
import { type Bytes, readAll } from "../bytes.ts";
import type {
  Address,
  Content,
  Ingest,
  IngestStatus,
  Lease,
  LeaseOptions,
  OpenOptions,
  Options,
  Resolved,
  ResolveOptions,
  Role,
  WriteOptions,
  Written,
} from "../content/contracts.ts";
import { unnamedSession, writeIngest } from "../content/ingest.ts";
import { documentLimit } from "../content/read.ts";
import { roleOf } from "../content/role.ts";
import { digestBytes, verifying } from "../digest/mod.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { algorithmOf, type Digest, isDigest } from "../spec/digest.ts";
import { parseDocument } from "../spec/document.ts";
import { isRefName } from "../spec/layout.ts";
import { isDocumentType, mediaTypes } from "../spec/media_type.ts";
import { missing } from "../disk/blob_directory.ts";
import { shareBlob } from "../disk/share_file.ts";
import type { Collected } from "../disk/gc_sweep.ts";
import { collect, type CollectOptions } from "./gc.ts";
import { unlessBroken } from "./documents.ts";
import { findDigest, findName, nameOf } from "./entries.ts";
import { onDisk } from "../disk/errors.ts";
import type { IndexFile, Listing } from "./index_file.ts";
import type { Layout, LayoutOptions } from "./types.ts";
import { ListedManifests } from "./listed_manifests.ts";
import type { RepositoryBlobs } from "./repository_blobs.ts";
import { shown } from "./unnamed.ts";
import type { LayoutBlobs } from "./layout_blobs.ts";

/** A blob of so many bytes or fewer is held in memory and written at once, without a session that could be continued. */
const smallBlob = 256 * 1024;

/** One index.json and the blobs that it leads to. */
export class LayoutTarget implements Layout {
  readonly #index: IndexFile;
  readonly #store: LayoutBlobs;
  readonly #here: ListedManifests;
  readonly #leases = new Set<Lease>();
  readonly #link: boolean;
  /** Which of the shared blobs are to be seen here. Default: all. */
  readonly #blobs: RepositoryBlobs | undefined;

  constructor(
    index: IndexFile,
    store: LayoutBlobs,
    { link = false, blobs }: Pick<LayoutOptions, "link"> & { blobs?: RepositoryBlobs | undefined } = {},
  ) {
    this.#index = index;
    this.#blobs = blobs;
    this.#link = link;
    this.#store = store;
    this.#here = new ListedManifests(index, store);
  }

  get directory(): string {
    return this.#index.directory;
  }

  resolve(name: string, options: ResolveOptions = {}): Promise<Resolved> {
    const { role = "manifest", document, signal } = options;
    const action = `resolve ${JSON.stringify(name)}`;
    return this.#do(action, options, async () => {
      const descriptor = await this.#find(name, role, { signal });
      if (!descriptor) throw this.#notFound(action, isDigest(name) ? `no such ${role}` : "no such name");
      if (document) return { descriptor, document: await this.#store.blobs.read(descriptor, { signal }) };
      await this.#here.require(descriptor);
      return { descriptor };
    });
  }

  open(what: Address, options: OpenOptions = {}): Promise<ReadableStream<Bytes>> {
    const { start, end, signal } = options;
    return this.#do(`read ${what.digest}`, options, async () => {
      await this.#index.check();
      const isHere = roleOf(what, options.role) === "manifest"
        ? !this.#store.shared || await this.#here.has(what.digest, await this.#index.entries(), { signal })
        : await this.#hasBlob(what.digest, { signal });
      if (!isHere) throw missing(what.digest, this.directory);
      return await this.#store.blobs.open(what, { start, end, signal });
    });
  }

  file(what: Address): Promise<string | undefined> {
    return this.#do(`find ${what.digest}`, {}, async () => {
      const { blobs } = this.#store;
      const isHere = await blobs.facts(what.digest) && await this.#hasBlob(what.digest);
      return isHere ? blobs.path(what.digest) : undefined;
    });
  }

  async *names(options: Options = {}): AsyncGenerator<string, void, void> {
    const entries = await this.#do("list names", options, () => this.#index.entries());
    yield* [...new Set(entries.flatMap((entry) => nameOf(entry) ?? []))].sort();
  }

  async *roots(options: Options = {}): AsyncGenerator<Descriptor, void, void> {
    for (const entry of await this.#do("list manifests", options, () => this.#index.entries())) {
      yield shown(entry);
    }
  }

  async *referrers(
    subject: Address,
    options: Options & { artifactType?: string | undefined } = {},
  ): AsyncGenerator<Descriptor, void, void> {
    const { artifactType, signal } = options;
    const action = "list referrers";
    const entries = await this.#do(action, options, () => this.#index.entries());
    const stack = [...this.#here.pending.values(), ...entries.toReversed()];
    const seen = new Set<Digest>();
    for (let next = stack.pop(); next; next = stack.pop()) {
      const { digest, mediaType } = next;
      if (seen.has(digest) || !isDocumentType(mediaType)) continue;
      seen.add(digest);
      const reading = () => unlessBroken(this.#store.documents.facts(digest, { signal }));
      const facts = await this.#do(action, options, reading);
      stack.push(...facts?.manifests ?? []);
      const referrer = facts?.referrer;
      if (referrer?.subject !== subject.digest) continue;
      if ((artifactType ?? referrer.descriptor.artifactType) === referrer.descriptor.artifactType) {
        yield { ...referrer.descriptor };
      }
    }
  }

  async write(content: Content, options: WriteOptions = {}): Promise<Written> {
    const { name, signal } = options;
    if (name !== undefined) checkName(name);
    const action = `write ${content.digest ?? content.mediaType}`;
    await this.#do(action, options, () => this.#index.make(this.#store.blobs.directory, { signal }));
    if (roleOf(content, options.role) === "manifest") {
      return await this.#writeManifest(action, content, options);
    }
    const written = await this.#writeBlob(action, content, options);
    await this.#do(action, options, async () => await this.#blobs?.add(written.descriptor.digest));
    return written;
  }

  async tag(
    name: string,
    descriptor: Descriptor,
    options: Options & { expect?: Digest | null | undefined } = {},
  ): Promise<void> {
    const { expect, signal } = options;
    checkName(name);
    const action = `tag ${JSON.stringify(name)}`;
    await this.#change(action, options, async (listing, where) => {
      const now = findName(listing.entries, name)?.digest ?? null;
      if (expect !== undefined && expect !== now) {
        throw new GantryError("conflict", `${where}: it is ${now ?? "free"}, expected ${expect ?? "free"}`);
      }
      if (!await this.#here.has(descriptor.digest, listing.entries, { signal })) {
        throw this.#notFound(action, `no manifest ${descriptor.digest}`);
      }
      await this.#here.require(descriptor);
      await this.#store.blobs.flush();
      await this.#here.name(listing, name, descriptor, { signal });
    });
  }

  untag(name: string, options: Options = {}): Promise<void> {
    const action = `untag ${JSON.stringify(name)}`;
    return this.#change(action, options, async (listing) => {
      if (!findName(listing.entries, name)) throw this.#notFound(action, "no such name");
      await this.#here.unname(listing, name);
    });
  }

  delete(what: Address, options: Options & { role?: Role | undefined } = {}): Promise<void> {
    const { digest } = what;
    const action = `delete ${digest}`;
    return this.#change(action, options, async (listing, where) => {
      const { blobs, shared } = this.#store;
      const listed = findDigest(listing.entries, digest) !== undefined;
      const role = options.role ?? (listed ? "manifest" : roleOf(what));
      const there = role === "manifest"
        ? listed || await this.#here.has(digest, listing.entries, options)
        : await blobs.facts(digest);
      if (!there) throw this.#notFound(action, `no such ${role}`);
      if (role === "manifest") await this.#here.unlist(listing, digest, options);
      else if (listed) throw new GantryError("conflict", `${where}: it is a manifest`);
      else if (shared) throw new GantryError("unsupported", `${where}: other repositories may need it`);
      if (!shared) await rm(blobs.path(digest), { force: true });
    });
  }

  ingest(session: string, options: Options & { create?: boolean | undefined } = {}): Promise<Ingest> {
    return this.#do(`open session ${session}`, options, async () => {
      if (options.create !== false) await this.#index.make(this.#store.blobs.directory, options);
      const ingest = await this.#store.sessions.open(session, options);
      return this.#blobs ? linking(ingest, this.#blobs) : ingest;
    });
  }

  async *ingests(options: Options = {}): AsyncGenerator<IngestStatus, void, void> {
    await this.#index.check();
    yield* this.#store.sessions.list(options);
  }

  lease(options: LeaseOptions = {}): Promise<Lease> {
    return this.#do(`take lease ${options.id ?? ""}`.trim(), options, async () => {
      const lasting = options.id !== undefined || options.expires !== undefined;
      if (lasting) await this.#index.make(this.#store.blobs.directory, options);
      const lease = await this.#store.blobs.leases.take(options);
      let ended: Promise<void> | undefined;
      const { id, expires } = lease;
      const held: Lease = { id, expires, [Symbol.asyncDispose]: () => ended ??= this.#endLease(held, lease) };
      this.#leases.add(held);
      return held;
    });
  }

  async *leases(options: Options = {}): AsyncGenerator<Lease, void, void> {
    await this.#index.check();
    for await (const lease of this.#store.blobs.leases.list(options)) {
      yield [...this.#leases].find(({ id }) => id === lease.id) ?? lease;
    }
  }

  /** The manifests that were written under a lease are listed at its end. */
  async #endLease(held: Lease, lease: Lease): Promise<void> {
    this.#leases.delete(held);
    try {
      await this.#do("flush blobs", {}, () => this.#store.blobs.flush());
      if (this.#here.pending.size === 0) return;
      await this.#change("list manifests", {}, (listing) => this.#here.listPending(listing));
    } finally {
      await lease[Symbol.asyncDispose]();
    }
  }

  gc(options: CollectOptions = {}): Promise<Collected> {
    const action = "collect garbage";
    return this.#do(action, options, async () => {
      await this.#index.check();
      if (this.#store.indexes) return await collect(this.#store, this.#store.indexes, options);
      throw new GantryError("unsupported", `${this.#where(action)}: other layouts may need the blobs`);
    });
  }

  async #writeBlob(action: string, content: Content, options: WriteOptions): Promise<Written> {
    const { digest, mediaType } = content;
    const { session, signal } = options;
    if (digest !== undefined) {
      const size = await this.#do(
        action,
        options,
        () => this.#store.blobs.claim({ digest, size: content.size }),
      );
      if (size !== undefined) return { descriptor: { mediaType, digest, size }, how: "present" };
    }
    const isSmall = (content.size ?? Infinity) <= smallBlob;
    const isBegun = async () => session !== undefined && await this.#store.sessions.exists(session);
    if (digest !== undefined && isSmall && !await isBegun()) {
      const bytes = await readWhole(content, smallBlob, signal);
      await this.#do(action, options, () => this.#store.blobs.put(digest, bytes));
      return { descriptor: { mediaType, digest, size: bytes.byteLength }, how: "written" };
    }
    if (digest !== undefined && this.#link && !await isBegun()) {
      const size = await this.#do(
        action,
        options,
        () => shareBlob(this.#store.blobs, digest, content, options),
      );
      if (size !== undefined) return { descriptor: { mediaType, digest, size }, how: "written" };
    }
    const ingest = await this.#do(
      action,
      options,
      () =>
        this.#store.sessions.open(session ?? unnamedSession(), {
          algorithm: digest && algorithmOf(digest),
          signal,
        }),
    );
    return {
      descriptor: await writeIngest(ingest, content, { keep: session !== undefined, signal }),
      how: "written",
    };
  }

  async #writeManifest(action: string, content: Content, options: WriteOptions): Promise<Written> {
    const { name, signal } = options;
    const { blobs } = this.#store;
    const found = await this.#do(action, options, () => this.#presentManifest(content));
    const bytes = found ?? await readWhole(content, documentLimit, signal);
    parseDocument(bytes, { mediaType: content.mediaType, what: content.digest ?? content.mediaType });
    const digest = content.digest ?? await digestBytes(bytes);
    const descriptor = { mediaType: content.mediaType, digest, size: bytes.byteLength };
    const put = async () => {
      if (!await this.#presentManifest(descriptor)) await blobs.put(digest, bytes);
    };
    const { annotations, platform } = content;
    const listed = { ...descriptor, ...(annotations && { annotations }), ...(platform && { platform }) };
    if (name === undefined && this.#leases.size > 0) {
      await this.#do(action, options, put);
      this.#here.pending.set(digest, listed);
    } else {
      await this.#change(action, options, async (listing) => {
        await put(); // with the lock, so that nobody deletes it before it is listed
        await blobs.flush();
        await (name === undefined
          ? this.#here.list(listing, [listed], { signal })
          : this.#here.name(listing, name, listed, { signal }));
      });
    }
    return { descriptor, how: found ? "present" : "written" };
  }

  /** A manifest that is there, unless its bytes are wrong. */
  async #presentManifest(
    { digest, size }: { digest?: Digest | undefined; size?: number | undefined },
  ): Promise<Bytes | undefined> {
    if (digest === undefined) return undefined;
    const there = await this.#store.blobs.claim({ digest, ...(size !== undefined && { size }) });
    return there === undefined
      ? undefined
      : await unlessBroken(this.#store.blobs.read({ digest, size: there }));
  }

  async #find(name: string, role: Role, options: Options): Promise<Descriptor | undefined> {
    if (isDigest(name) && role === "blob") {
      await this.#index.check();
      const facts = await this.#store.blobs.facts(name);
      if (!facts || !await this.#hasBlob(name, options)) return undefined;
      return { mediaType: mediaTypes.octetStream, digest: name, size: facts.size };
    }
    const entries = await this.#index.entries();
    const found = isDigest(name) ? await this.#here.find(name, entries, options) : findName(entries, name);
    return found && shown(found);
  }

  async #hasBlob(digest: Digest, options: Options = {}): Promise<boolean> {
    return !this.#blobs || await this.#blobs.has(digest, options);
  }

  #notFound(action: string, reason: string): GantryError {
    return new GantryError("not-found", `${this.#where(action)}: ${reason}`);
  }

  #where(action: string): string {
    return `${action} in layout ${JSON.stringify(this.directory)}`;
  }

  async #do<T>(action: string, { signal }: Options, work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    return await onDisk(this.#where(action), work);
  }

  #change<T>(
    action: string,
    options: Options,
    work: (listing: Listing, where: string) => Promise<T>,
  ): Promise<T> {
    const changing = (listing: Listing) => work(listing, this.#where(action));
    return this.#do(action, options, () => this.#index.change(changing, options));
  }
}

/** The same write, whose blob is to be seen through the repository. */
function linking(ingest: Ingest, blobs: RepositoryBlobs): Ingest {
  return {
    get offset() {
      return ingest.offset;
    },
    append: ingest.append.bind(ingest),
    async commit(expected, options) {
      const descriptor = await ingest.commit(expected, options);
      await blobs.add(descriptor.digest);
      return descriptor;
    },
    abort: ingest.abort.bind(ingest),
    close: ingest.close.bind(ingest),
  };
}

function checkName(name: string): void {
  if (isRefName(name)) return;
  throw new GantryError("invalid-name", `name a manifest ${JSON.stringify(name)}: not a layout's name`);
}

/** The bytes of a manifest or a small blob, which are the ones that its digest names if it has one. */
async function readWhole(content: Content, limit: number, signal: AbortSignal | undefined): Promise<Bytes> {
  const { digest, size } = content;
  const what = digest ?? content.mediaType;
  const bytes = await content.open({ unverified: digest !== undefined, signal });
  return await readAll(digest ? bytes.pipeThrough(verifying({ digest, size }, { what })) : bytes, {
    limit,
    what,
    signal,
  });
}
