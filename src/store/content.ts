import type { Bytes } from "../bytes.ts";
import type { Address, OpenOptions, Options } from "../content/contracts.ts";
import { readVerified } from "../content/read.ts";
import { decompress } from "../codec/decode.ts";
import { digesting } from "../digest/mod.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { type Digest, isDigest, parseDigest } from "../spec/digest.ts";
import { isLayerType } from "../spec/media_type.ts";
import { ContentWriter, type IngestValue, type WriterOptions } from "./content_writer.ts";
import { contentFields, statusFields } from "./filter/fields.ts";
import { anyFilter, type FilterInput, ParsedFilters } from "./filter/filter.ts";
import { markNamespace } from "./mark.ts";
import { bad, checkLabels, labelNames, type Labels, splitFieldPath, updateLabels } from "./labels.ts";
import { type Change, listAll } from "./metadata.ts";
import type { Namespace } from "./namespace.ts";
import { type ContentInfo, contentOf, type ContentValue, valueOf } from "./records.ts";
import { removeUnneeded } from "./remove.ts";
import { newSession } from "./sessions.ts";

/** How far a write in the making has come. */
export interface ContentStatus {
  /** What it is called. */
  readonly ref: string;
  /** How many bytes are there. */
  readonly offset: number;
  /** How many there will be, if that was said. */
  readonly total?: number | undefined;
  /** What they will hash to, if that was said. */
  readonly expected?: Digest | undefined;
  /** When it was begun; when the last bytes came where that is not known. */
  readonly startedAt: Date;
  /** When the last bytes came. */
  readonly updatedAt: Date;
}

/** The content of a namespace: blobs, what is known of them, and those in the making. */
export class ContentStore {
  readonly #namespace: Namespace;

  /** For stores; see {@link Store.content}. */
  constructor(namespace: Namespace) {
    this.#namespace = namespace;
  }

  /**
   * The bytes, or those from `start` up to `end`; they come unverified.
   *
   * @throws {GantryError} `not-found`, `size-mismatch`.
   */
  open(what: Address, options: OpenOptions = {}): Promise<ReadableStream<Bytes>> {
    return this.#namespace.do(`read ${what.digest}`, options, () => this.#blobs.open(what, options));
  }

  /**
   * What is known of some content.
   *
   * @throws {GantryError} `not-found`, `invalid-digest`.
   */
  async info(digest: Digest, options: Options = {}): Promise<ContentInfo> {
    const { shared, buckets } = this.#namespace;
    const entry = await shared.metadata.get(buckets.content, parseDigest(digest), options);
    if (entry) return contentOf(entry);
    throw this.#missing("look at", digest);
  }

  /**
   * Changes labels: `labels` all of them, `labels.KEY` one. An empty one goes.
   *
   * @throws {GantryError} `not-found`, `invalid-argument`.
   */
  async update(
    { digest, labels = {} }: { readonly digest: Digest; readonly labels?: Labels | undefined },
    fieldPaths: readonly string[] = ["labels"],
    options: Options = {},
  ): Promise<ContentInfo> {
    const { shared, buckets } = this.#namespace;
    const action = `update ${parseDigest(digest)}`;
    const plan = async () => {
      const entry = await shared.metadata.get(buckets.content, digest, options);
      if (!entry) throw this.#missing("update", digest);
      const before = valueOf<ContentValue>(entry);
      let merged: Labels = before.labels;
      for (const path of fieldPaths) {
        const [field, key] = splitFieldPath(path);
        if (field !== "labels") throw bad(action, `cannot change ${JSON.stringify(path)}`);
        merged = updateLabels(merged, labels, key);
      }
      const value = { ...before, labels: checkLabels(merged, action), updatedAt: shared.now() };
      const text = JSON.stringify(value);
      const references = await this.#references(value.labels, before.labels, digest);
      return {
        changes: [...references, {
          bucket: buckets.content,
          key: digest,
          value: text,
          expect: entry.version,
        }],
        result: contentOf({ ...entry, value: text }),
      };
    };
    return await this.#namespace.do(action, options, () => this.#namespace.change(plan, options));
  }

  /** The content that one of the filters matches, all without filters, in the order of digests. */
  async *walk(filters: FilterInput = [], options: Options = {}): AsyncGenerator<ContentInfo, void, void> {
    const parsed = new ParsedFilters(filters, contentFields);
    const { shared, buckets } = this.#namespace;
    for await (const entry of listAll(shared.metadata, buckets.content, options)) {
      if (!parsed.mayMatch(entry.value)) continue;
      const info = contentOf(entry);
      if (parsed.matches(info)) yield info;
    }
  }

  /**
   * Removes content; its bytes go when no other namespace has them.
   *
   * @throws {GantryError} `not-found`; `conflict` while an image, a lease or other content needs it.
   */
  async delete(digest: Digest, options: Options = {}): Promise<void> {
    const { shared, buckets, name: namespace } = this.#namespace;
    const action = `delete ${parseDigest(digest)}`;
    await this.#namespace.do(action, options, async () => {
      await this.#namespace.change(async () => {
        const { content, kept } = await markNamespace(this.#namespace, options);
        const found = content.get(digest);
        if (!found) throw this.#missing("delete", digest);
        if (kept.has(digest)) {
          throw new GantryError("conflict", `${this.#namespace.where(action)}: it is needed`);
        }
        const change = { bucket: buckets.content, key: digest, value: null, expect: found.version };
        return { changes: [change], result: undefined };
      }, options);
      await removeUnneeded(shared, digest, options);
    });
    shared.events.emit({ type: "content-deleted", namespace, digest });
  }

  /**
   * Opens a write in the making where it stands, or begins it. Only one can have it open, of all processes.
   *
   * @throws {GantryError} `conflict` while another has it open, or when the expected content is here already.
   */
  async writer(ref: string, options: WriterOptions = {}): Promise<ContentWriter> {
    return await this.#namespace.do(
      `write ${JSON.stringify(ref)}`,
      options,
      () => ContentWriter.open(this.#namespace, ref, options),
    );
  }

  /**
   * How far a write in the making has come.
   *
   * @throws {GantryError} `not-found`.
   */
  async status(ref: string, options: Options = {}): Promise<ContentStatus> {
    for await (const status of this.listStatuses([], options)) if (status.ref === ref) return status;
    throw this.#namespace.notFound(`look at write ${JSON.stringify(ref)}`, "no such write");
  }

  /** The writes in the making that one of the filters matches. Sessions of repositories are among them. */
  async *listStatuses(
    filters: FilterInput = [],
    options: Options = {},
  ): AsyncGenerator<ContentStatus, void, void> {
    const matches = anyFilter(filters, statusFields);
    const { shared, buckets } = this.#namespace;
    const records = new Map<string, { ref: string; value: IngestValue }>();
    for await (const entry of listAll(shared.metadata, buckets.ingests, options)) {
      const value = valueOf<IngestValue>(entry);
      records.set(value.session, { ref: entry.key, value });
    }
    for await (const { session, offset, updated } of shared.sessions.list(options)) {
      const record = records.get(session);
      if (!record && newSession.test(session)) continue; // another namespace's
      const { total, expected, startedAt } = record?.value ?? {};
      const status = {
        ref: record?.ref ?? session,
        offset,
        ...(total !== undefined && { total }),
        ...(expected !== undefined && { expected }),
        startedAt: startedAt === undefined ? updated : new Date(startedAt),
        updatedAt: updated,
      };
      if (matches(status)) yield status;
    }
  }

  /**
   * Forgets a write in the making.
   *
   * @throws {GantryError} `not-found`; `conflict` while somebody has it open.
   */
  async abort(ref: string, options: Options = {}): Promise<void> {
    const { shared, buckets } = this.#namespace;
    const action = `abort write ${JSON.stringify(ref)}`;
    await this.#namespace.do(action, options, async () => {
      const entry = await shared.metadata.get(buckets.ingests, ref, options);
      const session = entry ? valueOf<IngestValue>(entry).session : ref;
      const there = await shared.sessions.exists(session);
      if (!entry && !there) throw this.#namespace.notFound(action, "no such write");
      if (there) await (await shared.sessions.open(session, { create: false })).abort();
      if (entry) await shared.metadata.commit([{ bucket: buckets.ingests, key: ref, value: null }]);
    });
  }

  /**
   * The digest of a layer's uncompressed tar. It is worked out by reading the layer, and kept in a label; that of a
   * layer that is not compressed is its own.
   *
   * @throws {GantryError} `not-found`, `digest-mismatch`, `invalid-archive`.
   */
  async diffID(layer: Descriptor, options: Options = {}): Promise<Digest> {
    const { labels } = await this.info(layer.digest, options);
    const known = labels[labelNames.uncompressed];
    if (known !== undefined && isDigest(known)) return known;
    const { signal } = options;
    const source = {
      resolve: () => Promise.reject(this.#missing("find", layer.digest)),
      open: this.open.bind(this),
    };
    const bytes = await readVerified(source, layer, { signal });
    const { stream, result } = digesting();
    const what = isLayerType(layer.mediaType) ? `layer ${layer.digest}` : layer.digest;
    await bytes.pipeThrough(decompress({ what })).pipeThrough(stream).pipeTo(new WritableStream(), {
      signal,
    });
    const { digest } = await result;
    const found = { digest: layer.digest, labels: { [labelNames.uncompressed]: digest } };
    await this.update(found, [`labels.${labelNames.uncompressed}`], options);
    return digest;
  }

  get #blobs() {
    return this.#namespace.shared.blobs;
  }

  /** What new labels refer to gets a new version, so that a collection of garbage sees that it is wanted. */
  async #references(labels: Labels, before: Labels, self: Digest): Promise<Change[]> {
    const { buckets } = this.#namespace;
    const changes: Change[] = [];
    for (const [key, digest] of Object.entries(labels)) {
      if (!key.startsWith(labelNames.content) || before[key] === digest || digest === self) continue;
      if (!isDigest(digest) || !await this.#namespace.has(digest)) continue;
      if (changes.some((change) => change.key === digest)) continue;
      changes.push({ bucket: buckets.content, key: digest });
    }
    return changes;
  }

  #missing(action: string, digest: Digest): GantryError {
    return this.#namespace.notFound(`${action} ${digest}`, "no such content");
  }
}
