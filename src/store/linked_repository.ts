import type { Bytes } from "../bytes.ts";
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
  Usage,
  WriteOptions,
  Written,
} from "../content/contracts.ts";
import { documentLimit } from "../content/read.ts";
import { roleOf } from "../content/role.ts";
import { digestBytes } from "../digest/mod.ts";
import { annotations } from "../spec/annotations.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { type Digest, isDigest } from "../spec/digest.ts";
import { parseDocument } from "../spec/document.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { isTag } from "../spec/reference.ts";
import { linkChanges, linkKey, linkOf, type LinkValue, parseLinkKey, unlinkChange } from "./links.ts";
import { manifestChanges, nameChange } from "./manifest_records.ts";
import { type Entry, listAll } from "./metadata.ts";
import type { Namespace } from "./namespace.ts";
import { valueOf } from "./records.ts";
import { readWhole, RepositoryTarget } from "./repository.ts";
import { RepositoryRecords } from "./repository_records.ts";
import type { ForgetOptions, RegistryRepository } from "./repository_type.ts";
import { untagged } from "./untagged.ts";

/**
 * A repository as registries have it: what can be read through it is what came through it. That is written down as
 * links, which keep manifests; blobs are kept by manifests. Deleting takes links away, collecting garbage the bytes.
 */
export class LinkedRepository implements RegistryRepository {
  readonly name: string;
  readonly ordered = true;
  readonly #namespace: Namespace;
  readonly #records: RepositoryRecords;
  /** The same, with all content of the namespace. */
  readonly #all: RepositoryTarget;

  constructor(name: string, namespace: Namespace) {
    this.name = name;
    this.#namespace = namespace;
    this.#records = new RepositoryRecords(name, namespace);
    this.#all = new RepositoryTarget(name, namespace);
  }

  resolve(name: string, options: ResolveOptions = {}): Promise<Resolved> {
    const { role = "manifest", document, signal } = options;
    const action = `resolve ${JSON.stringify(name)}`;
    return this.#records.do(action, options, async () => {
      const descriptor = isDigest(name) ? await this.#find(name, role) : await this.#records.findTag(name);
      if (!descriptor) {
        throw this.#records.notFound(action, isDigest(name) ? `no such ${role}` : "no such tag");
      }
      if (role === "blob" && !document) return { descriptor };
      // Its link outlives its file where that was found to be wrong, or was lost.
      const facts = await this.#records.blobs.facts(descriptor.digest);
      if (!facts) throw this.#records.notFound(action, "its bytes are missing");
      if (!document) return { descriptor };
      return { descriptor, document: await this.#document(descriptor, facts.size, { signal }) };
    });
  }

  async #document(descriptor: Descriptor, size: number, options: Options): Promise<Bytes> {
    const { documents, blobs } = this.#namespace.shared;
    const known = size === descriptor.size ? documents.get(descriptor.digest) : undefined;
    if (known) return known;
    const bytes = await blobs.read(descriptor, options);
    documents.keep(descriptor.digest, bytes);
    return bytes;
  }

  open(what: Address, options: OpenOptions = {}): Promise<ReadableStream<Bytes>> {
    const action = `read ${what.digest}`;
    return this.#records.do(action, options, async () => {
      if (!await this.#linkOf(what.digest)) throw this.#records.notFound(action, "no such content");
      return await this.#records.blobs.open(what, options);
    });
  }

  async file(what: Address): Promise<string | undefined> {
    return await this.#linkOf(what.digest) && await this.#all.file(what);
  }

  names(options: Options & { after?: string | undefined } = {}): AsyncGenerator<string, void, void> {
    return this.#all.names(options);
  }

  async *roots({ signal }: Options = {}): AsyncGenerator<Descriptor, void, void> {
    for await (const { key, target } of this.#tags({ signal })) {
      const tag = key.slice(this.name.length + 1);
      yield { ...target, annotations: { ...target.annotations, [annotations.refName]: tag } };
    }
    for await (const entry of this.#links({ signal })) {
      const { mediaType, size } = linkOf(entry);
      if (mediaType !== undefined) yield { mediaType, digest: parseLinkKey(entry.key).digest, size };
    }
  }

  async *referrers(
    subject: Address,
    options: Options & { artifactType?: string | undefined } = {},
  ): AsyncGenerator<Descriptor, void, void> {
    for await (const descriptor of this.#all.referrers(subject, options)) {
      if ((await this.#linkOf(descriptor.digest))?.mediaType !== undefined) yield descriptor;
    }
  }

  async *origins(what: Address): AsyncGenerator<Origin, void, void> {
    if (await this.#linkOf(what.digest)) yield* this.#all.origins(what);
  }

  async write(content: Content, options: WriteOptions = {}): Promise<Written> {
    if (options.name !== undefined) this.#records.checkTag(options.name);
    if (roleOf(content, options.role) === "manifest") return await this.#writeManifest(content, options);
    const had = content.digest !== undefined && await this.#find(content.digest, "blob") !== undefined;
    const { descriptor, how } = await this.#all.write(content, { ...options, role: "blob" });
    await this.#link(descriptor, options);
    return { descriptor, how: had ? how : "written" };
  }

  tag(
    name: string,
    descriptor: Descriptor,
    options: Options & { expect?: Digest | null | undefined } = {},
  ): Promise<void> {
    this.#records.checkTag(name);
    const action = `tag ${JSON.stringify(name)}`;
    return this.#records.change(action, options, async () => {
      const image = await nameChange(this.#namespace, `${this.name}:${name}`, descriptor, options.expect);
      const link = await this.#entry(descriptor.digest);
      if (!link || linkOf(link).mediaType === undefined) {
        throw this.#records.notFound(action, `no manifest ${descriptor.digest}`);
      }
      // The link gets a new version: nobody deletes the manifest at the same moment.
      const kept = {
        bucket: this.#records.buckets.links,
        key: link.key,
        value: link.value,
        expect: link.version,
      };
      return [...await this.#namespace.referTo(descriptor, options), kept, image];
    });
  }

  untag(name: string, options: Options = {}): Promise<void> {
    return this.#all.untag(name, options);
  }

  delete(what: Address, options: Options & { role?: Role | undefined } = {}): Promise<void> {
    const { digest } = what;
    const action = `delete ${digest}`;
    return this.#records.change(action, options, async () => {
      const link = await this.#entry(digest);
      const { mediaType, blob } = link ? linkOf(link) : {};
      const role = options.role ?? (mediaType !== undefined ? "manifest" : "blob");
      if (!link || !(role === "manifest" ? mediaType : blob)) {
        throw this.#records.notFound(action, `no such ${role}`);
      }
      const changes = [unlinkChange(this.#namespace, link, role)];
      if (role === "blob") return changes;
      for await (const { key, version, target } of this.#tags(options)) {
        if (target.digest !== digest) continue;
        changes.push({ bucket: this.#records.buckets.images, key, value: null, expect: version });
      }
      return changes;
    });
  }

  async ingest(session: string, options: Options & { create?: boolean | undefined } = {}): Promise<Ingest> {
    const opening = () => this.#all.ingest(session, options);
    // What is there already can be ended, or forgotten, on a full disk.
    const ingest = options.create === false ? await this.#records.withRoom(opening) : await opening();
    return {
      get offset() {
        return ingest.offset;
      },
      append: ingest.append.bind(ingest),
      commit: async (expected, options = {}) => {
        // Under one lease: directories are flushed once, for all who wait for that.
        return await this.#namespace.leased(async () => {
          const descriptor = await this.#records.withRoom(() => ingest.commit(expected, options));
          await this.#link(descriptor, options);
          return descriptor;
        });
      },
      abort: ingest.abort.bind(ingest),
      close: ingest.close.bind(ingest),
    };
  }

  ingests(options: Options = {}): AsyncGenerator<IngestStatus, void, void> {
    return this.#all.ingests(options);
  }

  lease(options: LeaseOptions = {}): Promise<Lease> {
    return this.#all.lease(options);
  }

  leases(options: Options = {}): AsyncGenerator<Lease, void, void> {
    return this.#all.leases(options);
  }

  usage(options: Options = {}): Promise<Usage> {
    return this.#records.do("count what is", options, async () => {
      const usage: Usage = { bytes: 0, manifests: 0, tags: 0 };
      for await (const entry of this.#links(options)) {
        const { size, mediaType } = linkOf(entry);
        usage.bytes += size;
        if (mediaType !== undefined) usage.manifests++;
      }
      for await (const _ of this.#tags(options)) usage.tags++;
      return usage;
    });
  }

  forgetUntagged(options: ForgetOptions): Promise<Digest[]> {
    const { olderThan, dryRun, without, signal } = options;
    const before = this.#namespace.shared.now() - olderThan * 1000;
    return this.#records.do("forget untagged manifests", { signal }, async () => {
      const gone: Digest[] = [];
      const isOld = (digest: Digest) => this.#isOlder(digest, before);
      for (const digest of await untagged(this, isOld, { without, signal })) {
        if (dryRun || await this.#deleteUntagged(digest, before, { signal })) gone.push(digest);
      }
      return gone;
    });
  }

  async #writeManifest(content: Content, options: WriteOptions): Promise<Written> {
    const { name, signal } = options;
    const bytes = await readWhole(content, documentLimit, signal);
    const { mediaType } = content;
    parseDocument(bytes, { mediaType, what: content.digest ?? mediaType });
    const digest = content.digest ?? await digestBytes(bytes);
    const descriptor = { mediaType, digest, size: bytes.byteLength };
    const had = await this.#find(digest, "manifest") !== undefined;
    await this.#records.change(`write ${digest}`, options, async () => {
      if (await this.#records.blobs.claim(descriptor) === undefined) {
        await this.#records.blobs.put(digest, bytes);
      }
      const { changes } = await manifestChanges(this.#namespace, bytes, descriptor, new Map(), {
        keepsReferrers: false,
        signal,
      });
      changes.push(...await linkChanges(this.#namespace, this.name, descriptor, { mediaType }));
      if (name === undefined) return changes;
      const { annotations, platform } = content;
      const listed = { ...descriptor, ...(annotations && { annotations }), ...(platform && { platform }) };
      return [...changes, await nameChange(this.#namespace, `${this.name}:${name}`, listed)];
    });
    return { descriptor, how: had ? "present" : "written" };
  }

  /** A blob that is in its place can be read through this repository from now on. */
  async #link(descriptor: Descriptor, options: Options): Promise<void> {
    await this.#records.change(`link ${descriptor.digest}`, options, async () => {
      if (await this.#records.blobs.claim(descriptor) === undefined) {
        throw this.#records.notFound(`link ${descriptor.digest}`, "no such content");
      }
      return await linkChanges(this.#namespace, this.name, descriptor, { blob: true });
    });
  }

  async #find(digest: Digest, role: Role): Promise<Descriptor | undefined> {
    const link = await this.#linkOf(digest);
    if (!link) return undefined;
    const { mediaType, size } = link;
    if (role === "manifest") return mediaType === undefined ? undefined : { mediaType, digest, size };
    // Nothing keeps a blob that no manifest names.
    return await this.#records.blobs.facts(digest) && { mediaType: mediaTypes.octetStream, digest, size };
  }

  #entry(digest: Digest): Promise<Entry | undefined> {
    return this.#records.metadata.get(this.#records.buckets.links, linkKey(this.name, digest));
  }

  async #linkOf(digest: Digest): Promise<LinkValue | undefined> {
    const entry = await this.#entry(digest);
    return entry && linkOf(entry);
  }

  /** Deletes a manifest, unless it was given a tag meanwhile, or something that is being pushed names it. */
  async #deleteUntagged(digest: Digest, before: number, options: Options): Promise<boolean> {
    let isDeleted = false;
    await this.#records.change(`delete ${digest}`, options, async () => {
      const link = await this.#entry(digest);
      isDeleted = link !== undefined && await this.#isOlder(digest, before);
      for await (const { target } of this.#tags(options)) {
        if (target.digest === digest) isDeleted = false;
      }
      return isDeleted ? [unlinkChange(this.#namespace, link!, "manifest")] : [];
    });
    return isDeleted;
  }

  /** Whether nobody has written, named or read a manifest to build upon since then. */
  async #isOlder(digest: Digest, before: number): Promise<boolean> {
    return ((await this.#records.blobs.facts(digest))?.changed ?? 0) <= before;
  }

  #links({ signal }: Options): AsyncGenerator<Entry, void, void> {
    const prefix = `${this.name}@`;
    return listAll(this.#records.metadata, this.#records.buckets.links, { prefix, signal });
  }

  async *#tags({ signal }: Options): AsyncGenerator<Entry & { target: Descriptor }, void, void> {
    const prefix = `${this.name}:`;
    for await (
      const entry of listAll(this.#records.metadata, this.#records.buckets.images, { prefix, signal })
    ) {
      const { target } = valueOf<{ target: Descriptor }>(entry);
      if (isTag(entry.key.slice(prefix.length))) yield { ...entry, target };
    }
  }
}
