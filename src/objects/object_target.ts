import { type Bytes, readAll } from "../bytes.ts";
import type {
  Address,
  Content,
  Ingest,
  IngestStatus,
  OpenOptions,
  Options,
  Resolved,
  ResolveOptions,
  Role,
  Target,
  WriteOptions,
  Written,
} from "../content/contracts.ts";
import { isUnnamedSession, unnamedSession, writeIngest } from "../content/ingest.ts";
import { documentLimit } from "../content/read.ts";
import { roleOf } from "../content/role.ts";
import { digestBytes } from "../digest/hasher.ts";
import { verifying } from "../digest/verify.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { algorithmOf, type Digest, isDigest } from "../spec/digest.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { Links } from "./links.ts";
import { listObjects } from "./list_objects.ts";
import { Manifests } from "./manifests.ts";
import { ObjectIngest, plainHash } from "./object_ingest.ts";
import { Referrers } from "./referrers.ts";
import { readSession } from "./session.ts";
import type { Store } from "./store.ts";
import { checkTag, Tags } from "./tags.ts";

/** One repository of a bucket. */
export class ObjectTarget implements Target {
  readonly ordered = true;
  readonly #store: Store;
  readonly #repository: string;
  readonly #links: Links;
  readonly #tags: Tags;
  readonly #referrers: Referrers;
  readonly #manifests: Manifests;

  constructor(store: Store, repository: string) {
    this.#store = store;
    this.#repository = repository;
    this.#links = new Links(store, repository);
    this.#tags = new Tags(store, repository);
    this.#referrers = new Referrers(store, repository);
    this.#manifests = new Manifests(store, repository, this.#links, this.#referrers);
  }

  async resolve(name: string, options: ResolveOptions = {}): Promise<Resolved> {
    const { role = "manifest", document = false, signal } = options;
    signal?.throwIfAborted();
    const found = role === "blob"
      ? await this.#resolveBlob(name, { document, signal })
      : await this.#resolveManifest(name, { document, signal });
    if (found) return found;
    throw this.#notFound(
      `resolve ${JSON.stringify(name)}`,
      isDigest(name) ? `no such ${role}` : "no such tag",
    );
  }

  async open(what: Address, options: OpenOptions = {}): Promise<ReadableStream<Bytes>> {
    const { start, end, signal } = options;
    signal?.throwIfAborted();
    const { digest } = what;
    if (roleOf(what, options.role) === "manifest") {
      const found = await this.#manifests.open(digest, { start, end, signal });
      if (found) return found;
    } else {
      const location = await this.#links.find(digest, { signal });
      const found = location &&
        await this.#store.bucket.get(this.#store.keys.data(location.data), { start, end, signal });
      if (found) return found.body;
    }
    throw this.#notFound(`read ${digest}`, "not there");
  }

  async presigned(what: Address, options: Options = {}): Promise<string | undefined> {
    const { bucket, keys } = this.#store;
    const location = bucket.presigned && await this.#links.find(what.digest, options);
    return location && await bucket.presigned!(keys.data(location.data), options);
  }

  names(options: Options & { after?: string | undefined } = {}): AsyncGenerator<string, void, void> {
    return this.#tags.list(options);
  }

  async *referrers(
    subject: Address,
    options: Options & { artifactType?: string | undefined } = {},
  ): AsyncGenerator<Descriptor, void, void> {
    const { artifactType, signal } = options;
    for (const referrer of await this.#referrers.list(subject.digest, { signal })) {
      if ((artifactType ?? referrer.artifactType) === referrer.artifactType) yield referrer;
    }
  }

  async write(content: Content, options: WriteOptions = {}): Promise<Written> {
    const { name, signal } = options;
    signal?.throwIfAborted();
    if (name !== undefined) checkTag(name);
    return roleOf(content, options.role) === "manifest"
      ? await this.#writeManifest(content, options)
      : await this.#writeBlob(content, options);
  }

  async tag(
    name: string,
    descriptor: Descriptor,
    options: Options & { expect?: Digest | null | undefined } = {},
  ): Promise<void> {
    const { expect, signal } = options;
    signal?.throwIfAborted();
    checkTag(name);
    const size = await this.#manifests.size(descriptor.digest, { signal });
    if (size === undefined) throw this.#notFound(`tag ${name}`, `no manifest ${descriptor.digest}`);
    await this.#tags.set(name, { ...descriptor, size }, { signal, expect });
  }

  async untag(name: string, options: Options = {}): Promise<void> {
    options.signal?.throwIfAborted();
    if (!await this.#tags.remove(name, options)) {
      throw this.#notFound(`untag ${JSON.stringify(name)}`, "no such tag");
    }
  }

  async delete(what: Address, options: Options & { role?: Role | undefined } = {}): Promise<void> {
    const { signal } = options;
    signal?.throwIfAborted();
    const { digest } = what;
    const isManifest = options.role === undefined
      ? await this.#manifests.size(digest, { signal }) !== undefined
      : options.role === "manifest";
    if (isManifest) await this.#tags.removeAll(digest, { signal });
    const removed = isManifest
      ? await this.#manifests.remove(digest, { signal })
      : await this.#links.remove(digest, { signal });
    if (!removed) throw this.#notFound(`delete ${digest}`, "not there");
  }

  async ingest(
    session: string,
    options: Options & { create?: boolean | undefined } = {},
  ): Promise<Ingest> {
    const { create = true, signal } = options;
    signal?.throwIfAborted();
    const key = this.#sessionKey(session);
    const parts = { store: this.#store, links: this.#links, name: session, key };
    // Most that may be begun are, so nothing is looked for before.
    const begun = new ObjectIngest(parts);
    if (create && await begun.begin({ signal })) return begun;
    const found = await readSession(this.#store, key, { signal });
    if (!found && !create) throw this.#notFound(`open session ${session}`, "no such session");
    return new ObjectIngest({ ...parts, found });
  }

  async *ingests(options: Options = {}): AsyncGenerator<IngestStatus, void, void> {
    const prefix = this.#store.keys.sessions(this.#repository);
    for await (const { key } of listObjects(this.#store.bucket, { ...options, prefix })) {
      const session = this.#store.keys.sessionOf(key);
      if (session === undefined || isUnnamedSession(session)) continue;
      const found = await readSession(this.#store, key, options);
      if (found) yield { session, offset: found.offset, updated: found.modified };
    }
  }

  async #resolveBlob(name: string, options: Options & { document: boolean }): Promise<Resolved | undefined> {
    const location = isDigest(name) ? await this.#links.find(name, options) : undefined;
    if (!location) return undefined;
    const descriptor = { mediaType: mediaTypes.octetStream, digest: name as Digest, size: location.size };
    if (!options.document) return { descriptor };
    const bytes = await this.open(descriptor, { role: "blob", signal: options.signal });
    return { descriptor, document: await readDocument(bytes, descriptor, options) };
  }

  async #resolveManifest(
    name: string,
    options: Options & { document: boolean },
  ): Promise<Resolved | undefined> {
    const { document, signal } = options;
    const tag = isDigest(name) ? undefined : await this.#tags.find(name, { signal });
    const digest = isDigest(name) ? name : tag?.digest;
    if (digest === undefined) return undefined;
    // A manifest takes its tags along when it goes, but for those that are set at that moment.
    if (tag && !document) {
      return await this.#manifests.size(digest, { signal }) === undefined ? undefined : { descriptor: tag };
    }
    const found = await this.#manifests.read(digest, { signal });
    return found && { descriptor: found.descriptor, ...(document && { document: found.bytes }) };
  }

  async #writeManifest(content: Content, { name, signal }: WriteOptions): Promise<Written> {
    const { mediaType, digest: named, size } = content;
    const stream = await content.open({ signal, unverified: true });
    const bytes = await readDocument(stream, { digest: named, size, mediaType }, { signal });
    const digest = named ?? await digestBytes(bytes);
    const descriptor = { mediaType, digest, size: bytes.byteLength };
    const how = await this.#manifests.write(bytes, descriptor, { signal });
    if (name !== undefined) await this.#tags.set(name, descriptor, { signal });
    return { descriptor, how };
  }

  async #writeBlob(content: Content, options: WriteOptions): Promise<Written> {
    const { digest, mediaType, size } = content;
    const { session, signal } = options;
    const there = digest && await this.#present(digest, size, { signal });
    if (there) return { descriptor: { mediaType, digest, size: there.size }, how: there.how };
    const name = session ?? unnamedSession();
    const ingest = session === undefined
      ? new ObjectIngest({
        store: this.#store,
        links: this.#links,
        name,
        key: this.#sessionKey(name),
        hash: await plainHash(digest ? algorithmOf(digest) : "sha256"),
      })
      : await this.ingest(session, { signal });
    return {
      descriptor: await writeIngest(ingest, content, { keep: session !== undefined, signal }),
      how: "written",
    };
  }

  /** A blob that the repository has, or another one of the bucket: then it gets a link to it. */
  async #present(
    digest: Digest,
    size: number | undefined,
    options: Options,
  ): Promise<{ size: number; how: "present" | "mounted" } | undefined> {
    const own = await this.#links.claim(digest, options);
    if (own) return { size: own.size, how: "present" };
    const mounted = await this.#links.mount(digest, { ...options, size });
    return mounted && { size: mounted.size, how: "mounted" };
  }

  #sessionKey(session: string): string {
    return this.#store.keys.session(this.#repository, session);
  }

  get #where(): string {
    return `${this.#repository} in ${this.#store.bucket.name}`;
  }

  #notFound(action: string, reason: string): GantryError {
    return new GantryError("not-found", `${action} of ${this.#where}: ${reason}`);
  }
}

async function readDocument(
  bytes: ReadableStream<Bytes>,
  { digest, size, mediaType }: { digest?: Digest | undefined; size?: number | undefined; mediaType: string },
  { signal }: Options,
): Promise<Bytes> {
  const what = digest ?? mediaType;
  const verified = digest ? bytes.pipeThrough(verifying({ digest, size }, { what })) : bytes;
  return await readAll(verified, { limit: documentLimit, what, signal });
}
