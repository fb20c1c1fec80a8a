import type { Options } from "../content/contracts.ts";
import { Slots } from "../content/slots.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { type Digest, parseDigest } from "../spec/digest.ts";
import { isTag } from "../spec/reference.ts";
import { jsonBytes, readJson, unlessConflict } from "./documents.ts";
import type { Store } from "./store.ts";

/** How many tags are read at once when a manifest is deleted. */
const concurrency = 16;

/** What a tag stands for, as it was found. */
export interface FoundTag {
  readonly descriptor: Descriptor;
  readonly etag: string;
}

/** The tags of one repository: an object each. */
export class Tags {
  readonly #store: Store;
  readonly #prefix: string;

  constructor(store: Store, repository: string) {
    this.#store = store;
    this.#prefix = store.keys.tags(repository);
  }

  /** What a tag stands for. */
  async find(name: string, options: Options = {}): Promise<FoundTag | undefined> {
    if (!isTag(name)) return undefined;
    const found = await readJson(this.#store.bucket, this.#prefix + name, options);
    if (!found) return undefined;
    const { mediaType, digest, size } = found.value;
    if (typeof mediaType !== "string" || typeof digest !== "string" || typeof size !== "number") {
      throw new GantryError(
        "invalid-document",
        `read ${this.#prefix}${name} in ${this.#store.bucket.name}: not ours`,
      );
    }
    return { descriptor: { mediaType, digest: parseDigest(digest), size }, etag: found.facts.etag };
  }

  /** Sets a tag; `expect` is the entity tag that it must have. */
  async set(
    name: string,
    { mediaType, digest, size }: Descriptor,
    options: Options & { expect?: string | null | undefined } = {},
  ): Promise<void> {
    await this.#store.bucket.put(this.#prefix + name, jsonBytes({ mediaType, digest, size }), options);
  }

  /** Takes a tag away, and tells whether it was there. */
  async remove(name: string, options: Options = {}): Promise<boolean> {
    if (!isTag(name) || !await this.#store.bucket.head(this.#prefix + name, options)) return false;
    await this.#store.bucket.delete(this.#prefix + name, options);
    return true;
  }

  /** Takes all tags of a manifest away. */
  async removeAll(digest: Digest, options: Options = {}): Promise<void> {
    const slots = new Slots(concurrency);
    const work = new Set<Promise<void>>();
    for await (const name of this.list(options)) {
      const release = await slots.take(options.signal);
      const removing = (async () => {
        const found = await this.find(name, options);
        if (found?.descriptor.digest !== digest) return;
        await this.#store.bucket.delete(this.#prefix + name, { ...options, expect: found.etag });
      })().catch(unlessConflict).finally(release); // or it was set anew meanwhile
      work.add(removing);
      removing.then(() => work.delete(removing), () => {});
    }
    await Promise.all(work);
  }

  /** The tags, in the order of their bytes, or those behind one. */
  async *list(
    { after, signal }: Options & { after?: string | undefined } = {},
  ): AsyncGenerator<string, void, void> {
    const prefix = this.#prefix;
    const begin = after === undefined ? undefined : prefix + after;
    for (let cursor: string | undefined, more = true; more;) {
      const page = await this.#store.bucket.list({ prefix, after: begin, cursor, signal });
      for (const { key } of page.objects) yield key.slice(prefix.length);
      cursor = page.cursor;
      more = cursor !== undefined;
    }
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
