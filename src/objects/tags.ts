import { utf8 } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { Slots } from "../content/slots.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { type Digest, parseDigest } from "../spec/digest.ts";
import { isTag } from "../spec/reference.ts";
import type { ObjectFacts } from "./bucket.ts";
import { compareAndSet, jsonBytes, jsonOf, readSmall, unlessConflict } from "./documents.ts";
import { listObjects } from "./list_objects.ts";
import { mayGo, readLasting, removeSoon } from "./removal.ts";
import type { Store } from "./store.ts";

/** How many tags are read at once when a manifest is deleted. */
const concurrency = 16;

/** Bytes of a tag's object. */
const limit = 64 * 1024;

/** Bytes of the object of a tag that is about to be removed: a UUID, where a tag's has a digest and more. */
const leavingSize = 36;

/** A tag as it was found. One that is about to be removed stands for nothing. */
interface FoundTag {
  readonly facts: ObjectFacts;
  readonly descriptor: Descriptor | undefined;
  readonly isLeaving: boolean;
}

/** The tags of one repository: an object each. */
export class Tags {
  readonly #store: Store;
  readonly #repository: string;
  readonly #prefix: string;

  constructor(store: Store, repository: string) {
    this.#store = store;
    this.#repository = repository;
    this.#prefix = store.keys.tags(repository);
  }

  /** What a tag stands for. */
  async find(name: string, options: Options = {}): Promise<Descriptor | undefined> {
    return isTag(name) ? (await this.#read(name, options))?.descriptor : undefined;
  }

  /**
   * Sets a tag.
   *
   * @throws {GantryError} `conflict` where it does not stand for what is expected; null: where it is set.
   */
  async set(
    name: string,
    { mediaType, digest, size }: Descriptor,
    { expect, ...options }: Options & { expect?: Digest | null | undefined } = {},
  ): Promise<void> {
    const bytes = jsonBytes({ mediaType, digest, size });
    const put = (found: FoundTag | undefined) =>
      this.#store.bucket.put(this.#prefix + name, bytes, { ...options, expect: found?.facts.etag ?? null });
    const read = () => readLasting(this.#store, () => this.#read(name, options), options);
    if (expect !== undefined) {
      const found = await read();
      this.#check(name, found?.descriptor?.digest ?? null, expect);
      return void await put(found);
    }
    // Most are new.
    if (await put(undefined).catch(unlessConflict) !== undefined) return;
    let looked = false;
    await compareAndSet(async () => {
      const found = await read();
      if (looked && found?.descriptor) return; // whoever has set it since we looked came after us
      looked = true;
      await put(found);
    });
  }

  /** Takes a tag away, and tells whether it was there. */
  async remove(name: string, options: Options = {}): Promise<boolean> {
    const facts = isTag(name) && await this.#store.bucket.head(this.#prefix + name, options);
    if (!facts || facts.size === leavingSize) return false;
    await this.#store.bucket.delete(this.#prefix + name, options);
    return true;
  }

  /** Takes all tags of a manifest away. */
  async removeAll(digest: Digest, options: Options = {}): Promise<void> {
    const slots = new Slots(concurrency);
    const work = new Set<Promise<void>>();
    for await (const { name } of this.#objects(options)) {
      const release = await slots.take(options.signal);
      const removing = this.#removeOf(digest, name, options)
        .catch(unlessConflict) // it was set anew meanwhile
        .finally(release);
      work.add(removing);
      removing.then(() => work.delete(removing), () => {});
    }
    await Promise.all(work);
  }

  /** The tags, in the order of their bytes, or those behind one. */
  async *list(
    options: Options & { after?: string | undefined } = {},
  ): AsyncGenerator<string, void, void> {
    for await (const { name, size } of this.#objects(options)) {
      if (size !== leavingSize) yield name;
    }
  }

  /** Takes a tag away that stands for a manifest, or that somebody who was killed has left on its way out. */
  async #removeOf(digest: Digest, name: string, options: Options): Promise<void> {
    const found = await this.#read(name, options);
    const isGoing = found?.isLeaving
      ? !mayGo(this.#store, found.facts)
      : found?.descriptor?.digest === digest;
    if (!found || !isGoing) return;
    const { bucket, clock } = this.#store;
    const begun = clock();
    const key = this.#prefix + name;
    const leaving = utf8(crypto.randomUUID()); // never the same twice, so that one of several removes it
    const expect = await bucket.put(key, leaving, { ...options, expect: found.facts.etag });
    await removeSoon(this.#store, begun, (options) => bucket.delete(key, { ...options, expect }), options);
  }

  async #read(name: string, options: Options): Promise<FoundTag | undefined> {
    const { bucket } = this.#store;
    const found = await readSmall(bucket, this.#prefix + name, { limit, ...options });
    if (!found) return undefined;
    const { facts } = found;
    if (facts.size === leavingSize) return { facts, descriptor: undefined, isLeaving: true };
    const { mediaType, digest, size } = jsonOf(found, bucket).value;
    if (typeof mediaType !== "string" || typeof digest !== "string" || typeof size !== "number") {
      throw new GantryError("invalid-document", `read ${facts.key} in ${bucket.name}: not ours`);
    }
    return { facts, descriptor: { mediaType, digest: parseDigest(digest), size }, isLeaving: false };
  }

  async *#objects(
    { after, signal }: Options & { after?: string | undefined },
  ): AsyncGenerator<{ name: string; size: number }, void, void> {
    const prefix = this.#prefix;
    const begin = after === undefined ? undefined : prefix + after;
    for await (const { key, size } of listObjects(this.#store.bucket, { prefix, after: begin, signal })) {
      const name = key.slice(prefix.length);
      if (isTag(name)) yield { name, size };
    }
  }

  #check(name: string, is: Digest | null, expected: Digest | null): void {
    if (is === expected) return;
    throw new GantryError(
      "conflict",
      `tag ${name} of ${this.#repository} in ${this.#store.bucket.name}: it is ${is ?? "free"}, ` +
        `expected ${expected ?? "free"}`,
    );
  }
}

/**
 * Checks what is to be a tag.
 *
 * @throws {GantryError} `invalid-name`.
 */
export function checkTag(name: string): void {
  if (isTag(name)) return;
  throw new GantryError("invalid-name", `tag ${JSON.stringify(name)}: not a tag`);
}
