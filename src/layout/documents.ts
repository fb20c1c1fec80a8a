import type { Bytes } from "../bytes.ts";
import type { Options } from "../content/contracts.ts";
import { documentLimit } from "../content/read.ts";
import { referrerOf } from "../content/relations.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { parseDocument } from "../spec/document.ts";
import { parseJson } from "../spec/json.ts";
import { isDocumentType, isIndexType } from "../spec/media_type.ts";
import type { BlobDirectory } from "../disk/blob_directory.ts";

/** What is remembered of a manifest or index; as its digest names its bytes, it stays true. */
export interface DocumentFacts {
  readonly mediaType: string;
  readonly size: number;
  /** An index's manifests. */
  readonly manifests: readonly Descriptor[];
  /** What else it names: config and layers. */
  readonly blobs: readonly Digest[];
  /** What it is about, and how it is listed there. */
  readonly referrer?: { subject: Digest; descriptor: Descriptor };
}

/** How many documents are remembered. */
const mostKnown = 4096;

/** Reads manifests and indexes for what connects them. */
export class Documents {
  readonly #blobs: BlobDirectory;
  readonly #known = new Map<Digest, DocumentFacts>();

  constructor(blobs: BlobDirectory) {
    this.#blobs = blobs;
  }

  /** What a manifest or index says; nothing when it is not here, or is none. Its bytes must be the right ones. */
  async facts(digest: Digest, options: Options = {}): Promise<DocumentFacts | undefined> {
    const there = await this.#blobs.facts(digest);
    if (!there) return undefined;
    const known = this.#known.get(digest);
    if (known?.size === there.size) return known;
    const facts = there.size > documentLimit ? undefined : await this.#read(digest, there.size, options);
    if (!facts) return undefined;
    if (this.#known.size >= mostKnown) this.#known.clear();
    this.#known.set(digest, facts);
    return facts;
  }

  /** All that the indexes among these name, however deep; a broken one names nothing. */
  async reach(from: Iterable<Descriptor>, options: Options = {}): Promise<Set<Digest>> {
    const reached = new Set<Digest>();
    const stack = [...from];
    for (let next = stack.pop(); next; next = stack.pop()) {
      options.signal?.throwIfAborted();
      if (!isIndexType(next.mediaType)) continue;
      for (const child of (await unlessBroken(this.facts(next.digest, options)))?.manifests ?? []) {
        if (reached.has(child.digest)) continue;
        reached.add(child.digest);
        stack.push(child);
      }
    }
    return reached;
  }

  /** The blobs that these name, and the manifests that they lead to. */
  async blobsOf(from: Iterable<Descriptor>, options: Options = {}): Promise<Set<Digest>> {
    const found = new Set<Digest>();
    const all = await this.reach(from, options);
    for (const { digest } of from) all.add(digest);
    for (const digest of all) {
      options.signal?.throwIfAborted();
      for (const blob of (await unlessBroken(this.facts(digest, options)))?.blobs ?? []) found.add(blob);
    }
    return found;
  }

  async #read(digest: Digest, size: number, options: Options): Promise<DocumentFacts | undefined> {
    const bytes = await this.#blobs.read({ digest, size }, options);
    try {
      return connections(bytes, digest);
    } catch (error) {
      if (!GantryError.is(error)) throw error;
      // A manifest that breaks the rules is one all the same; whoever reads it will be told what is wrong.
      const mediaType = statedType(bytes);
      return mediaType === undefined ? undefined : { mediaType, size, manifests: [], blobs: [] };
    }
  }
}

function connections(bytes: Bytes, digest: Digest): DocumentFacts {
  const parsed = parseDocument(bytes, { what: digest });
  const { mediaType } = parsed;
  const size = bytes.byteLength;
  if (parsed.kind === "schema1") return { mediaType, size, manifests: [], blobs: [] };
  const { subject } = parsed.kind === "index" ? parsed.index : parsed.manifest;
  const descriptor = subject && referrerOf(bytes, { mediaType, digest, size }, subject.digest);
  return {
    mediaType,
    size,
    manifests: parsed.kind === "index" ? parsed.index.manifests : [],
    // BuildKit's cache is an index that names layers, so an index may name blobs too.
    blobs:
      (parsed.kind === "index"
        ? parsed.index.manifests.filter(({ mediaType }) => !isDocumentType(mediaType))
        : [parsed.manifest.config, ...parsed.manifest.layers]).map(({ digest }) => digest),
    ...(descriptor && { referrer: { subject: subject.digest, descriptor } }),
  };
}

/** The media type that a document says it has, if it is one of a manifest or index. */
function statedType(bytes: Bytes): string | undefined {
  try {
    const { mediaType } = parseJson(bytes, "document") as { mediaType?: unknown };
    return typeof mediaType === "string" && isDocumentType(mediaType) ? mediaType : undefined;
  } catch {
    return undefined; // not JSON, or null
  }
}

/** What `work` gives; nothing where bytes are not the ones that their digest names, or have been removed since. */
export async function unlessBroken<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (GantryError.is(error, "size-mismatch", "digest-mismatch", "invalid-document", "not-found")) {
      return undefined;
    }
    throw error;
  }
}
