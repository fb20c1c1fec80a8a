import type { Options } from "../content/contracts.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { checkIndex } from "../spec/manifest.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { compareAndSet, jsonBytes, readJson } from "./documents.ts";
import type { Store } from "./store.ts";

/** Bytes of the index of one subject's referrers. */
const limit = 32 * 1024 * 1024;

interface FoundReferrers {
  manifests: readonly Descriptor[];
  /** Null where there is no index yet. */
  etag: string | null;
}

/** What refers to the manifests of one repository: an index for each subject, changed by comparing and setting. */
export class Referrers {
  readonly #store: Store;
  readonly #repository: string;

  constructor(store: Store, repository: string) {
    this.#store = store;
    this.#repository = repository;
  }

  /** The manifests whose subject this is. */
  async list(subject: Digest, options: Options = {}): Promise<readonly Descriptor[]> {
    return (await this.#read(subject, options)).manifests;
  }

  /** Lists a manifest as one of them. */
  add(subject: Digest, referrer: Descriptor, options: Options = {}): Promise<void> {
    return compareAndSet(async () => {
      const { manifests, etag } = await this.#read(subject, options);
      if (manifests.some(({ digest }) => digest === referrer.digest)) return;
      await this.#write(subject, [...manifests, referrer], { ...options, expect: etag });
    });
  }

  /** Lists a manifest no longer. */
  remove(subject: Digest, referrer: Digest, options: Options = {}): Promise<void> {
    return compareAndSet(async () => {
      const { manifests, etag } = await this.#read(subject, options);
      const left = manifests.filter(({ digest }) => digest !== referrer);
      if (left.length === manifests.length) return;
      await this.#write(subject, left, { ...options, expect: etag });
    });
  }

  async #read(subject: Digest, options: Options): Promise<FoundReferrers> {
    const key = this.#key(subject);
    const found = await readJson(this.#store.bucket, key, { limit, ...options });
    if (!found) return { manifests: [], etag: null };
    return { manifests: checkIndex(found.value, key).manifests, etag: found.facts.etag };
  }

  async #write(
    subject: Digest,
    manifests: readonly Descriptor[],
    options: Options & { expect: string | null },
  ): Promise<void> {
    const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
    await this.#store.bucket.put(this.#key(subject), jsonBytes(index), options);
  }

  #key(subject: Digest): string {
    return this.#store.keys.referrers(this.#repository, subject);
  }
}
