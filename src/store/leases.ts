import type { Options } from "../content/contracts.ts";
import { isFileName } from "../disk/directory.ts";
import { GantryError } from "../errors.ts";
import { isDigest, parseDigest } from "../spec/digest.ts";
import { leaseFields } from "./filter/fields.ts";
import { anyFilter, type FilterInput } from "./filter/filter.ts";
import { bad, checkLabels, labelNames, type Labels } from "./labels.ts";
import {
  expiryOf,
  joinResource,
  type LeaseResource,
  type LeaseValue,
  splitResource,
} from "./lease_records.ts";
import { type Change, type Entry, listAll } from "./metadata.ts";
import type { Namespace } from "./namespace.ts";
import { imageOf, valueOf } from "./records.ts";

/** A lease: keeps what it lists from the collection of garbage. */
export interface StoreLease {
  /** What it is called. */
  readonly id: string;
  /** What else is known of it. */
  readonly labels: Labels;
  /** When it ends by itself; never, where there is none. */
  readonly expires?: Date | undefined;
  /** When it was made. */
  readonly createdAt: Date;
}

/** How to make a lease. */
export interface CreateLeaseOptions extends Options {
  /** What it is called: up to 128 letters, digits, dots, dashes and underscores. Default: a name of its own. */
  id?: string | undefined;
  /** When it ends by itself. Default: never. */
  expires?: Date | undefined;
  /** What else is known of it. Default: nothing. */
  labels?: Labels | undefined;
}

/** The leases of a namespace, which outlive processes; those of a running copy are its repository's. */
export class LeaseStore {
  readonly #namespace: Namespace;
  readonly #collect: (options: Options) => Promise<unknown>;

  /** For stores; see {@link Store.leases}. */
  constructor(namespace: Namespace, collect: (options: Options) => Promise<unknown>) {
    this.#namespace = namespace;
    this.#collect = collect;
  }

  /**
   * Makes a lease.
   *
   * @throws {GantryError} `conflict` when there is one of that id, `invalid-name`, `invalid-argument`.
   */
  async create(options: CreateLeaseOptions = {}): Promise<StoreLease> {
    const { id = crypto.randomUUID(), expires, labels = {} } = options;
    const action = this.#namespace.where(`create lease ${JSON.stringify(id)}`);
    if (!isFileName(id)) throw new GantryError("invalid-name", `${action}: not a lease's name`);
    const end = expires && { [labelNames.expire]: expires.toISOString() };
    const value: LeaseValue = {
      labels: checkLabels({ ...labels, ...end }, action),
      createdAt: this.#namespace.shared.now(),
    };
    const change = { bucket: this.#buckets.leases, key: id, value: JSON.stringify(value), expect: null };
    await this.#namespace.change(async () => {
      if (!await this.#find(id)) return { changes: [change], result: undefined };
      throw new GantryError("conflict", `${action}: there is such a lease`);
    }, options);
    return leaseOf({ key: id, value: change.value, version: 0 });
  }

  /**
   * Ends a lease.
   *
   * @param options `synchronous` collects the garbage, and waits for it.
   * @throws {GantryError} `not-found`.
   */
  async delete(id: string, options: Options & { synchronous?: boolean | undefined } = {}): Promise<void> {
    const { signal, synchronous } = options;
    await this.#namespace.change(async () => {
      const lease = await this.#require("delete", id);
      const changes: Change[] = [{
        bucket: this.#buckets.leases,
        key: id,
        value: null,
        expect: lease.version,
      }];
      for await (const { key } of listAll(this.#metadata, this.#buckets.leased, { prefix: `${id}/` })) {
        changes.push({ bucket: this.#buckets.leased, key, value: null });
      }
      return { changes, result: undefined };
    }, options);
    if (synchronous) await this.#collect({ signal });
  }

  /** The leases that one of the filters matches, all without filters; those that have ended too, until garbage is collected. */
  async *list(filters: FilterInput = [], options: Options = {}): AsyncGenerator<StoreLease, void, void> {
    const matches = anyFilter(filters, leaseFields);
    for await (const entry of listAll(this.#metadata, this.#buckets.leases, options)) {
      const lease = leaseOf(entry);
      if (matches(lease)) yield lease;
    }
  }

  /**
   * Has a lease keep something more.
   *
   * @throws {GantryError} `not-found` when there is no such lease, or when what it is to keep is not here;
   * `invalid-digest`, `unsupported` for other kinds.
   */
  async addResource(id: string, resource: LeaseResource, options: Options = {}): Promise<void> {
    const key = this.#keyOf(id, resource);
    const adding = () =>
      this.#namespace.change(async () => {
        const lease = await this.#require("add to", id);
        const held = { bucket: this.#buckets.leases, key: id, expect: lease.version };
        const referred = await this.#referTo(resource, options);
        return {
          changes: [...referred, held, { bucket: this.#buckets.leased, key, value: "{}" }],
          result: undefined,
        };
      }, options);
    await this.#namespace.do(`add to lease ${id}`, options, () => this.#namespace.leased(adding));
  }

  /**
   * Has a lease keep something no longer.
   *
   * @throws {GantryError} `not-found` when there is no such lease; what it does not keep is fine.
   */
  async deleteResource(id: string, resource: LeaseResource, options: Options = {}): Promise<void> {
    const key = this.#keyOf(id, resource);
    await this.#namespace.change(async () => {
      await this.#require("take from", id);
      return { changes: [{ bucket: this.#buckets.leased, key, value: null }], result: undefined };
    }, options);
  }

  /**
   * What a lease keeps.
   *
   * @throws {GantryError} `not-found`.
   */
  async *listResources(id: string, options: Options = {}): AsyncGenerator<LeaseResource, void, void> {
    await this.#require("list", id);
    const prefix = `${id}/`;
    for await (const { key } of listAll(this.#metadata, this.#buckets.leased, { prefix, ...options })) {
      yield splitResource(key.slice(prefix.length));
    }
  }

  #keyOf(id: string, resource: LeaseResource): string {
    const { type, id: what } = resource;
    const action = this.#namespace.where(`lease ${JSON.stringify(what)}`);
    if (!["content", "images", "ingests"].includes(type)) {
      throw new GantryError("unsupported", `${action}: a lease keeps no ${JSON.stringify(type)}`);
    }
    if (type === "content") parseDigest(what);
    if (what === "") throw bad(action, "it has no name");
    return `${id}/${joinResource(resource)}`;
  }

  /** The changes that go with a reference to something that is here. */
  async #referTo({ type, id }: LeaseResource, options: Options): Promise<Change[]> {
    if (type === "content" && isDigest(id)) {
      const facts = await this.#namespace.shared.blobs.facts(id);
      if (!facts) throw this.#namespace.notFound(`lease ${id}`, "no such content");
      return await this.#namespace.referTo({ digest: id, size: facts.size, mediaType: "" }, options);
    }
    if (type !== "images") return [];
    const entry = await this.#metadata.get(this.#buckets.images, id, options);
    if (!entry) throw this.#namespace.notFound(`lease ${JSON.stringify(id)}`, "no such image");
    return [
      ...await this.#namespace.referTo(imageOf(entry).target, options),
      { bucket: this.#buckets.images, key: id, expect: entry.version },
    ];
  }

  async #require(action: string, id: string): Promise<Entry> {
    const lease = await this.#find(id);
    if (lease) return lease;
    throw this.#namespace.notFound(`${action} lease ${JSON.stringify(id)}`, "no such lease");
  }

  #find(id: string): Promise<Entry | undefined> {
    return this.#metadata.get(this.#buckets.leases, id);
  }

  get #metadata() {
    return this.#namespace.shared.metadata;
  }

  get #buckets() {
    return this.#namespace.buckets;
  }
}

function leaseOf(entry: Entry): StoreLease {
  const { labels, createdAt } = valueOf<LeaseValue>(entry);
  const expires = expiryOf(labels);
  return { id: entry.key, labels, ...(expires && { expires }), createdAt: new Date(createdAt) };
}
