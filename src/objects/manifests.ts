import type { Bytes } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { documentLimit } from "../content/read.ts";
import { referrerOf } from "../content/relations.ts";
import { Slots } from "../content/slots.ts";
import { digestBytes } from "../digest/hasher.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { algorithmOf, type Digest } from "../spec/digest.ts";
import { type Document, parseDocument } from "../spec/document.ts";
import { isDocumentType, isForeignType } from "../spec/media_type.ts";
import { isLate } from "./blob_records.ts";
import { readSmall, unlessConflict } from "./documents.ts";
import type { Links } from "./links.ts";
import type { Referrers } from "./referrers.ts";
import type { Store } from "./store.ts";

/** How many blobs are looked for at once. */
const concurrency = 8;

/** A manifest that is here, and its bytes. */
export interface FoundManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Bytes;
}

/** The manifests of one repository: an object each, with their bytes. */
export class Manifests {
  readonly #store: Store;
  readonly #repository: string;
  readonly #links: Links;
  readonly #referrers: Referrers;

  constructor(store: Store, repository: string, links: Links, referrers: Referrers) {
    this.#store = store;
    this.#repository = repository;
    this.#links = links;
    this.#referrers = referrers;
  }

  /** How many bytes a manifest has, if it is here. */
  async size(digest: Digest, options: Options = {}): Promise<number | undefined> {
    return (await this.#store.bucket.head(this.#key(digest), options))?.size;
  }

  /** A manifest that is here, verified. */
  async read(digest: Digest, { signal }: Options = {}): Promise<FoundManifest | undefined> {
    const found = await readSmall(this.#store.bucket, this.#key(digest), { limit: documentLimit, signal });
    if (!found) return undefined;
    const { bytes } = found;
    const actual = await digestBytes(bytes, algorithmOf(digest));
    if (actual !== digest) {
      throw new GantryError(
        "digest-mismatch",
        `read ${digest} of ${this.#repository}: its bytes are ${actual}`,
      );
    }
    const { mediaType } = parseDocument(bytes, { what: digest });
    return { descriptor: { mediaType, digest, size: bytes.byteLength }, bytes };
  }

  /** Opens a manifest's bytes. */
  async open(
    digest: Digest,
    options: Options & { start?: number | undefined; end?: number | undefined },
  ): Promise<ReadableStream<Bytes> | undefined> {
    return (await this.#store.bucket.get(this.#key(digest), options))?.body;
  }

  /**
   * Writes a manifest, and tells whether it was here already.
   *
   * @throws {GantryError} `not-found` where a blob of its was found here before and is gone.
   */
  async write(bytes: Bytes, descriptor: Descriptor, options: Options = {}): Promise<"present" | "written"> {
    const { digest, mediaType } = descriptor;
    const what = `write ${digest} to ${this.#repository}`;
    const document = parseDocument(bytes, { mediaType, what: digest });
    if (parseDocument(bytes, { what: digest }).mediaType !== mediaType) {
      throw new GantryError("invalid-document", `${what}: it does not say that it is ${mediaType}`);
    }
    const claimed = this.#store.clock();
    await this.#claimBlobs(document, what, options);
    const put = await this.#store.bucket.put(this.#key(digest), bytes, { ...options, expect: null })
      .catch(unlessConflict);
    if (isLate(this.#store, claimed)) await this.#claimBlobs(document, what, options);
    const subject = subjectOf(document);
    const referrer = subject && referrerOf(bytes, descriptor, subject);
    if (subject && referrer) await this.#referrers.add(subject, referrer, options);
    return put === undefined ? "present" : "written";
  }

  /** Removes a manifest, and tells whether it was here. */
  async remove(digest: Digest, options: Options = {}): Promise<boolean> {
    const found = await this.read(digest, options);
    if (!found) return false;
    const subject = subjectOf(parseDocument(found.bytes, { what: digest }));
    if (subject) await this.#referrers.remove(subject, digest, options);
    await this.#store.bucket.delete(this.#key(digest), options);
    return true;
  }

  /** From here on, garbage collection spares the blobs of a manifest until it finds it. */
  async #claimBlobs(document: Document, what: string, options: Options): Promise<void> {
    const blobs = new Set(blobsOf(document).map(({ digest }) => digest));
    const slots = new Slots(concurrency);
    await Promise.all([...blobs].map((digest) =>
      slots.run(async () => {
        if (await this.#links.claim(digest, options) || !this.#links.hasSeen(digest)) return;
        throw new GantryError(
          "not-found",
          `${what}: its blob ${digest} was removed, it has to be written again`,
        );
      }, options.signal)
    ));
  }

  #key(digest: Digest): string {
    return this.#store.keys.manifest(this.#repository, digest);
  }
}

function subjectOf(document: Document): Digest | undefined {
  if (document.kind === "schema1") return undefined;
  return (document.kind === "manifest" ? document.manifest : document.index).subject?.digest;
}

/** The blobs that a document names. */
function blobsOf(document: Document): readonly Descriptor[] {
  if (document.kind === "schema1") return [];
  // BuildKit's cache is an index that names layers.
  if (document.kind === "index") {
    return document.index.manifests.filter((child) => !isDocumentType(child.mediaType));
  }
  const { config, layers } = document.manifest;
  return [config, ...layers.filter((layer) => !isForeignType(layer.mediaType))];
}
