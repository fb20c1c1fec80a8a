import { streamOf } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { childrenOf } from "../content/relations.ts";
import { GantryError } from "../errors.ts";
import { type Digest, isDigest } from "../spec/digest.ts";
import { isDocumentType, isForeignType, mediaTypes } from "../spec/media_type.ts";
import { record } from "./blob_records.ts";
import type { Bucket, ObjectFacts } from "./bucket.ts";
import { Links } from "./links.ts";
import type { ObjectsOptions } from "./objects.ts";
import { ObjectTarget } from "./object_target.ts";
import { openBucket } from "./open.ts";
import { findServerlessBlob, serverlessRegistry } from "./serverless_registry.ts";
import { sessionBytes } from "./session.ts";
import type { Store } from "./store.ts";

/** The repository of the sessions of what is being copied; none has such a name. */
const holder = "_taken-over";

/** How to take a bucket over. */
export interface TakeOverOptions extends ObjectsOptions, Options {
  /** Where the images are. Default: in the same bucket, where their bytes are copied by the server itself. */
  from?: Bucket | undefined;
  /** Is told what is left behind, as it is not there or cannot be read. Default: nobody. */
  onMissing?: ((line: string) => void) | undefined;
}

/** What was taken over. */
export interface TakenOver {
  /** Manifests and indexes, each once for a repository. */
  readonly manifests: number;
  /** Tags that were set. */
  readonly tags: number;
  /** Blobs whose bytes were not there before. */
  readonly blobs: number;
  /** Their bytes. */
  readonly bytes: number;
}

/**
 * Makes the images of a bucket that Cloudflare's serverless-registry has written those of {@link objects} with the same
 * options. What is there is only read, and goes on to work meanwhile; what was pushed there since is taken over by
 * another run, which copies nothing twice. A run may be ended at any moment.
 *
 * Bytes that the server copies are not read: R2 has compared their digests when they were put, and so does who pulls
 * them.
 *
 * @example
 * ```ts
 * import { objects, takeOverServerlessRegistry } from "@gantry/oci/objects";
 * import { directory } from "@gantry/oci/objects/directory";
 *
 * const bucket = directory(await Deno.makeTempDir());
 * const { tags } = await takeOverServerlessRegistry({ bucket, prefix: "registry" });
 * console.log(tags, typeof objects({ bucket, prefix: "registry" })); // 0 "function"
 * ```
 */
export async function takeOverServerlessRegistry(options: TakeOverOptions): Promise<TakenOver> {
  const { from = options.bucket, onMissing = () => {}, signal } = options;
  const taking = new Taking(openBucket(options), from, signal);
  for await (const { repository, name } of serverlessRegistry(from).manifests({ signal })) {
    try {
      await taking.manifest(repository, name, onMissing);
    } catch (error) {
      if (!GantryError.is(error, "not-found", "digest-mismatch", "invalid-document", "too-large")) {
        throw error;
      }
      onMissing(`left behind: ${repository} ${name}: ${error.message}`);
    }
  }
  return taking.taken;
}

class Taking {
  readonly taken = { manifests: 0, tags: 0, blobs: 0, bytes: 0 };
  readonly #store: Store;
  readonly #from: Bucket;
  readonly #signal: AbortSignal | undefined;
  #last: { repository: string; target: ObjectTarget; links: Links } | undefined;

  constructor(store: Store, from: Bucket, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#from = from;
    this.#signal = signal;
  }

  /** A manifest with the blobs that it names, and its tag if it stands under one. */
  async manifest(repository: string, name: string, onMissing: (line: string) => void): Promise<void> {
    const signal = this.#signal;
    const source = serverlessRegistry(this.#from)(repository);
    const { descriptor, document } = await source.resolve(name, { document: true, signal });
    const { target } = this.#repository(repository);
    for (const { digest, mediaType, size } of childrenOf(document!, descriptor.mediaType)) {
      if (isDocumentType(mediaType) || isForeignType(mediaType)) continue;
      if (!await this.#blob(repository, digest, size)) {
        onMissing(`left behind: ${repository}: the blob ${digest} of ${name} is not there`);
      }
    }
    const content = { ...descriptor, replayable: true, open: () => Promise.resolve(streamOf(document!)) };
    const { how } = await target.write(content, {
      role: "manifest",
      ...(!isDigest(name) && { name }),
      signal,
    });
    if (how === "written") this.taken.manifests++;
    if (!isDigest(name)) this.taken.tags++;
  }

  /** Whether a blob is the repository's from now on. */
  async #blob(repository: string, digest: Digest, size: number): Promise<boolean> {
    const signal = this.#signal;
    const { target, links } = this.#repository(repository);
    if (await links.claim(digest, { signal })) return true;
    const found = await findServerlessBlob(this.#from, repository, digest, { signal });
    if (found?.size !== size) return false;
    const open = async () => (await this.#from.get(found.key, { signal }))!.body;
    const content = { mediaType: mediaTypes.octetStream, digest, size, replayable: true, open };
    const how = this.#from === this.#store.bucket && this.#from.copy
      ? await this.#copy(links, digest, found)
      : (await target.write(content, { role: "blob", signal })).how;
    if (how !== "written") return true;
    this.taken.blobs++;
    this.taken.bytes += size;
    return true;
  }

  /** Has the server copy the bytes. Garbage collection finds by the session what a killed run has copied. */
  async #copy(links: Links, digest: Digest, from: ObjectFacts): Promise<"present" | "written"> {
    const { bucket, keys, partSize } = this.#store;
    const options = { signal: this.#signal };
    if (await links.mount(digest, options)) return "present";
    const { size } = from;
    const data = crypto.randomUUID();
    const session = keys.session(holder, data);
    const begun = sessionBytes({ data, parts: [], partSize, size }, []);
    await bucket.put(session, begun, { ...options, expect: null });
    await bucket.copy!(from, keys.data(data), options);
    const claimed = this.#store.clock();
    const location = await record(this.#store, digest, { data, size }, options);
    if (!location || !await links.add(digest, location, { ...options, claimed })) {
      throw new GantryError("unavailable", `copy ${from.key}: it was removed meanwhile`);
    }
    // Another run may have been faster.
    if (location.data !== data) await bucket.delete(keys.data(data), options);
    await bucket.delete(session, options);
    return "written";
  }

  #repository(repository: string) {
    if (this.#last?.repository !== repository) {
      const target = new ObjectTarget(this.#store, repository);
      this.#last = { repository, target, links: new Links(this.#store, repository) };
    }
    return this.#last;
  }
}
