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
  Origin,
  Resolved,
  ResolveOptions,
  Role,
  WriteOptions,
  Written,
} from "../content/contracts.ts";
import { unnamedSession, writeIngest } from "../content/ingest.ts";
import { documentLimit } from "../content/read.ts";
import { childrenOf } from "../content/relations.ts";
import { roleOf } from "../content/role.ts";
import { digestBytes, verifying } from "../digest/mod.ts";
import { GantryError } from "../errors.ts";
import { annotations as names } from "../spec/annotations.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { algorithmOf, type Digest, isDigest } from "../spec/digest.ts";
import { parseDocument } from "../spec/document.ts";
import { isDocumentType, mediaTypes } from "../spec/media_type.ts";
import { isTag } from "../spec/reference.ts";
import { manifestChanges, nameChange } from "./manifest_records.ts";
import { type Change, listAll } from "./metadata.ts";
import type { Namespace } from "./namespace.ts";
import { originsIn } from "./origins.ts";
import { contentOf, imageOf, valueOf } from "./records.ts";
import { removeContent } from "./remove.ts";
import { RepositoryRecords } from "./repository_records.ts";
import type { StoreRepository } from "./repository_type.ts";

/** A blob of so many bytes or fewer is held in memory and written at once, without a session that could be continued. */
const smallBlob = 256 * 1024;

/** The images of one repository, and all content of the namespace. */
export class RepositoryTarget implements StoreRepository {
  readonly name: string;
  readonly ordered = true;
  readonly #namespace: Namespace;
  readonly #records: RepositoryRecords;
  readonly #leases = new Set<Lease>();
  /** Manifests without a name that were written under a lease, to be named by their digest at its end. */
  readonly #pending = new Map<Digest, Descriptor>();
  /** What those manifests name that were written under a lease. */
  readonly #children = new Set<Digest>();
  /** Where blobs come from whose records are not yet written. */
  readonly #origins = new Map<Digest, readonly Origin[]>();

  constructor(name: string, namespace: Namespace) {
    this.name = name;
    this.#namespace = namespace;
    this.#records = new RepositoryRecords(name, namespace);
  }

  resolve(name: string, options: ResolveOptions = {}): Promise<Resolved> {
    const { role = "manifest", document, signal } = options;
    const action = `resolve ${JSON.stringify(name)}`;
    return this.#records.do(action, options, async () => {
      const descriptor = isDigest(name)
        ? await this.#findDigest(name, role, { signal })
        : await this.#records.findTag(name, { signal });
      if (!descriptor) {
        throw this.#records.notFound(action, isDigest(name) ? `no such ${role}` : "no such tag");
      }
      if (!document) return { descriptor };
      return { descriptor, document: await this.#records.blobs.read(descriptor, { signal }) };
    });
  }

  open(what: Address, options: OpenOptions = {}): Promise<ReadableStream<Bytes>> {
    return this.#records.do(`read ${what.digest}`, options, () => this.#records.blobs.open(what, options));
  }

  file({ digest, size }: Address): Promise<string | undefined> {
    return this.#records.do(`find ${digest}`, {}, async () => {
      const facts = await this.#records.blobs.facts(digest);
      return facts && (size ?? facts.size) === facts.size ? this.#records.blobs.file(digest) : undefined;
    });
  }

  async *names(options: Options & { after?: string | undefined } = {}): AsyncGenerator<string, void, void> {
    const prefix = `${this.name}:`;
    const after = options.after === undefined ? undefined : prefix + options.after;
    const { signal } = options;
    for await (
      const { key } of listAll(this.#records.metadata, this.#records.buckets.images, {
        prefix,
        after,
        signal,
      })
    ) {
      const tag = key.slice(prefix.length);
      if (isTag(tag)) yield tag;
    }
  }

  async *roots({ signal }: Options = {}): AsyncGenerator<Descriptor, void, void> {
    for (const end of [":", "@"]) {
      const prefix = `${this.name}${end}`;
      for await (
        const entry of listAll(this.#records.metadata, this.#records.buckets.images, { prefix, signal })
      ) {
        const { target } = imageOf(entry);
        const tag = entry.key.slice(prefix.length);
        if (end === "@") yield target;
        else if (isTag(tag)) {
          yield { ...target, annotations: { ...target.annotations, [names.refName]: tag } };
        }
      }
    }
  }

  async *referrers(
    subject: Address,
    options: Options & { artifactType?: string | undefined } = {},
  ): AsyncGenerator<Descriptor, void, void> {
    const { artifactType, signal } = options;
    const prefix = `${subject.digest}/`;
    for await (
      const entry of listAll(this.#records.metadata, this.#records.buckets.referrers, { prefix, signal })
    ) {
      const descriptor = valueOf<Descriptor>(entry);
      if ((artifactType ?? descriptor.artifactType) === descriptor.artifactType) yield descriptor;
    }
  }

  async *origins({ digest }: Address): AsyncGenerator<Origin, void, void> {
    const entry = await this.#records.metadata.get(this.#records.buckets.content, digest);
    if (entry) yield* originsIn(contentOf(entry).labels);
  }

  async write(content: Content, options: WriteOptions = {}): Promise<Written> {
    const { name } = options;
    if (name !== undefined) this.#records.checkTag(name);
    const action = `write ${content.digest ?? content.mediaType}`;
    return roleOf(content, options.role) === "manifest"
      ? await this.#writeManifest(action, content, options)
      : await this.#writeBlob(action, content, options);
  }

  tag(
    name: string,
    descriptor: Descriptor,
    options: Options & { expect?: Digest | null | undefined } = {},
  ): Promise<void> {
    const { expect, signal } = options;
    this.#records.checkTag(name);
    const action = `tag ${JSON.stringify(name)}`;
    return this.#records.change(action, options, async () => {
      const image = await nameChange(this.#namespace, `${this.name}:${name}`, descriptor, expect);
      if (!await this.#findDigest(descriptor.digest, "manifest", { signal })) {
        throw this.#records.notFound(action, `no manifest ${descriptor.digest}`);
      }
      return [...await this.#namespace.referTo(descriptor, { signal }), image];
    });
  }

  untag(name: string, options: Options = {}): Promise<void> {
    const action = `untag ${JSON.stringify(name)}`;
    return this.#records.change(action, options, async () => {
      const entry = await this.#records.metadata.get(this.#records.buckets.images, `${this.name}:${name}`);
      if (!entry) throw this.#records.notFound(action, "no such tag");
      return [{ bucket: this.#records.buckets.images, key: entry.key, value: null, expect: entry.version }];
    });
  }

  delete(what: Address, options: Options & { role?: Role | undefined } = {}): Promise<void> {
    const { digest } = what;
    const action = `delete ${digest}`;
    return this.#records.do(action, options, async () => {
      const role = options.role ??
        (await this.#findDigest(digest, "manifest", options) ? "manifest" : "blob");
      if (!await this.#findDigest(digest, role, options)) {
        throw this.#records.notFound(action, `no such ${role}`);
      }
      await removeContent(this.#namespace, this.name, digest, options);
      this.#pending.delete(digest);
    });
  }

  ingest(session: string, options: Options & { create?: boolean | undefined } = {}): Promise<Ingest> {
    return this.#records.do(
      `open session ${session}`,
      options,
      () => this.#namespace.shared.sessions.open(session, options),
    );
  }

  ingests(options: Options = {}): AsyncGenerator<IngestStatus, void, void> {
    return this.#namespace.shared.sessions.list(options);
  }

  lease(options: LeaseOptions = {}): Promise<Lease> {
    return this.#records.do(`take lease ${options.id ?? ""}`.trim(), options, async () => {
      const lease = await this.#records.blobs.leases.take(options);
      let ended: Promise<void> | undefined;
      const { id, expires } = lease;
      const held: Lease = { id, expires, [Symbol.asyncDispose]: () => ended ??= this.#endLease(held, lease) };
      this.#leases.add(held);
      return held;
    });
  }

  async *leases(options: Options = {}): AsyncGenerator<Lease, void, void> {
    for await (const lease of this.#records.blobs.leases.list(options)) {
      yield [...this.#leases].find(({ id }) => id === lease.id) ?? lease;
    }
  }

  /** Manifests that were written under a lease without a name, and that no other names, get their digest for one. */
  async #endLease(held: Lease, lease: Lease): Promise<void> {
    this.#leases.delete(held);
    try {
      const top = [...this.#pending.values()].filter(({ digest }) => !this.#children.has(digest));
      if (this.#leases.size > 0) return;
      this.#pending.clear();
      this.#children.clear();
      this.#origins.clear();
      if (top.length === 0) return;
      await this.#records.change("name manifests", {}, async () => {
        const changes: Change[] = [];
        for (const descriptor of top) {
          if (!await this.#namespace.has(descriptor.digest)) continue;
          changes.push(...await this.#namespace.referTo(descriptor));
          changes.push(await nameChange(this.#namespace, `${this.name}@${descriptor.digest}`, descriptor));
        }
        return withoutDoubles(changes);
      });
    } finally {
      await lease[Symbol.asyncDispose]();
    }
  }

  async #writeBlob(action: string, content: Content, options: WriteOptions): Promise<Written> {
    const { digest, mediaType, size } = content;
    const { session, signal } = options;
    const { sessions } = this.#namespace.shared;
    const findPresent = async (): Promise<Written | undefined> => {
      const found = digest &&
        await this.#records.do(action, options, () => this.#records.blobs.claim({ digest, size }));
      return found === undefined || digest === undefined
        ? undefined
        : { descriptor: { mediaType, digest, size: found }, how: "present" };
    };
    if (digest !== undefined) await this.#noteOrigins(digest, options);
    const present = await findPresent();
    if (present) return present;
    const isSmall = (size ?? Infinity) <= smallBlob;
    const isBegun = async () => session !== undefined && await sessions.exists(session);
    if (digest !== undefined && isSmall && !await isBegun()) {
      const bytes = await readWhole(content, smallBlob, signal);
      await this.#records.do(action, options, () => this.#records.blobs.put(digest, bytes));
      return { descriptor: { mediaType, digest, size: bytes.byteLength }, how: "written" };
    }
    if (digest !== undefined && !await isBegun()) {
      const share = () => this.#records.blobs.share(digest, content, options);
      const found = await this.#records.do(action, options, share);
      if (found !== undefined) return { descriptor: { mediaType, digest, size: found }, how: "written" };
    }
    const open = () =>
      sessions.open(session ?? unnamedSession(), { algorithm: digest && algorithmOf(digest), signal });
    const ingest = await this.#records.do(action, options, open);
    // Another process may have ended this session since the first look.
    const presentNow = session === undefined ? undefined : await findPresent();
    if (presentNow) {
      await ingest.abort();
      return presentNow;
    }
    const descriptor = await writeIngest(ingest, content, { keep: session !== undefined, signal });
    return { descriptor, how: "written" };
  }

  async #writeManifest(action: string, content: Content, options: WriteOptions): Promise<Written> {
    const { name, signal } = options;
    const found = await this.#records.do(action, options, () => this.#presentManifest(content));
    const bytes = found ?? await readWhole(content, documentLimit, signal);
    parseDocument(bytes, { mediaType: content.mediaType, what: content.digest ?? content.mediaType });
    const digest = content.digest ?? await digestBytes(bytes);
    const descriptor = { mediaType: content.mediaType, digest, size: bytes.byteLength };
    const { annotations, platform } = content;
    const listed = { ...descriptor, ...(annotations && { annotations }), ...(platform && { platform }) };
    const isLeased = this.#leases.size > 0;
    await this.#noteOrigins(digest, options);
    await this.#records.change(action, options, async () => {
      if (!await this.#presentManifest(descriptor)) await this.#records.blobs.put(digest, bytes);
      const plan = await manifestChanges(this.#namespace, bytes, descriptor, this.#origins, { signal });
      const { changes, isReferred } = plan;
      const image = name !== undefined ? `${this.name}:${name}` : `${this.name}@${digest}`;
      if (name !== undefined || (!isLeased && !isReferred)) {
        changes.push(await nameChange(this.#namespace, image, listed));
      }
      if (isLeased && name === undefined && !isReferred) this.#pending.set(digest, listed);
      return changes;
    });
    if (name !== undefined) this.#pending.delete(digest);
    if (isLeased) {
      for (const child of childrenOf(bytes, descriptor.mediaType)) this.#children.add(child.digest);
    }
    return { descriptor, how: found ? "present" : "written" };
  }

  async #noteOrigins(digest: Digest, { origins }: WriteOptions): Promise<void> {
    const all: Origin[] = [];
    for await (const origin of origins ?? []) all.push(origin);
    if (all.length > 0) this.#origins.set(digest, all);
  }

  /** A manifest that is there, unless its bytes are wrong. */
  async #presentManifest(
    { digest, size }: { digest?: Digest | undefined; size?: number | undefined },
  ): Promise<Bytes | undefined> {
    if (digest === undefined) return undefined;
    const there = await this.#records.blobs.claim({ digest, ...(size !== undefined && { size }) });
    if (there === undefined) return undefined;
    try {
      return await this.#records.blobs.read({ digest, size: there });
    } catch (error) {
      // It may have been taken away since.
      if (GantryError.is(error, "digest-mismatch", "size-mismatch", "not-found")) return undefined;
      throw error;
    }
  }

  async #findDigest(digest: Digest, role: Role, options: Options): Promise<Descriptor | undefined> {
    const facts = await this.#records.blobs.facts(digest);
    if (!facts) return undefined;
    const { size } = facts;
    if (role === "blob") return { mediaType: mediaTypes.octetStream, digest, size };
    const entry = await this.#records.metadata.get(this.#records.buckets.content, digest, options);
    const mediaType = entry && contentOf(entry).mediaType;
    if (!entry || (mediaType !== undefined && !isDocumentType(mediaType))) return undefined;
    if (mediaType !== undefined) return { mediaType, digest, size };
    if (size > documentLimit) return undefined;
    const stated = mediaTypeOf(await this.#records.blobs.read({ digest, size }, options));
    return stated === undefined ? undefined : { mediaType: stated, digest, size };
  }
}

/** The media type of a document that does not stand with its digest. */
function mediaTypeOf(bytes: Bytes): string | undefined {
  try {
    const { mediaType } = parseDocument(bytes);
    return isDocumentType(mediaType) ? mediaType : undefined;
  } catch (error) {
    if (GantryError.is(error, "invalid-document")) return undefined; // a blob
    throw error;
  }
}

/** One change a record: what comes later counts, and a record that is made is made. */
function withoutDoubles(changes: readonly Change[]): Change[] {
  const all = new Map<string, Change>();
  for (const change of changes) {
    const key = `${change.bucket} ${change.key}`;
    if (change.value !== undefined || !all.has(key)) all.set(key, change);
  }
  return [...all.values()];
}

/** The bytes of a manifest or a small blob, which are the ones that its digest names if it has one. */
export async function readWhole(
  content: Content,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<Bytes> {
  const { digest, size } = content;
  const what = digest ?? content.mediaType;
  const bytes = await content.open({ unverified: digest !== undefined, signal });
  return await readAll(digest ? bytes.pipeThrough(verifying({ digest, size }, { what })) : bytes, {
    limit,
    what,
    signal,
  });
}
