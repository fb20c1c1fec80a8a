import type { Bytes } from "../bytes.ts";
import type { Address, Options, Origin, Part, Source } from "../content/contracts.ts";
import { Once } from "../content/once.ts";
import { readDocument } from "../content/read.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import { parseDocument } from "../spec/document.ts";
import { indexDepthLimit, type IndexManifest } from "../spec/manifest.ts";
import { isDocumentType, isIndexType } from "../spec/media_type.ts";
import { Image } from "./image.ts";
import { Index } from "./index.ts";
import type { IndexBody, IndexEntry } from "./index_body.ts";
import { StoredBlob } from "./stored_blob.ts";
import { storedBody } from "./stored_body.ts";

/** An index that is in a source already. */
export class StoredIndex implements IndexBody {
  readonly #source: Source;
  readonly #descriptor: Descriptor;
  readonly #depth: number;
  readonly #document: Once<{ bytes: Bytes; index: IndexManifest }>;
  readonly #entries: Once<readonly IndexEntry[]>;

  /** `document` spares reading it; `depth` counts the indexes around this one. */
  constructor(source: Source, descriptor: Descriptor, document?: Bytes, depth = 0) {
    this.#source = source;
    this.#descriptor = descriptor;
    this.#depth = depth;
    this.#document = new Once((signal) => this.#read(document, signal));
    this.#entries = new Once((signal) => this.#makeEntries({ signal }));
  }

  get known(): Address {
    return this.#descriptor;
  }

  descriptor(): Promise<Descriptor> {
    const { mediaType, digest, size } = this.#descriptor;
    return Promise.resolve({ mediaType, digest, size });
  }

  async rawManifest(options?: Options): Promise<Bytes> {
    return (await this.#document.get(options?.signal)).bytes.slice();
  }

  entries(options?: Options): Promise<readonly IndexEntry[]> {
    return this.#entries.get(options?.signal);
  }

  async *origins(): AsyncGenerator<Origin, void, void> {
    yield* this.#source.origins?.(this.#descriptor) ?? [];
  }

  async #read(document: Bytes | undefined, signal: AbortSignal) {
    const { digest, mediaType } = this.#descriptor;
    if (this.#depth >= indexDepthLimit) {
      throw new GantryError(
        "too-large",
        `read index ${digest}: more than ${indexDepthLimit} indexes in one another`,
      );
    }
    const bytes = document ??
      await readDocument(this.#source, this.#descriptor, { role: "manifest", signal });
    const parsed = parseDocument(bytes, { mediaType, what: digest });
    if (parsed.kind !== "index") {
      throw new GantryError("invalid-document", `read ${digest}: it is ${parsed.mediaType}, not an index`);
    }
    return { bytes, index: parsed.index };
  }

  async #makeEntries(options: Options): Promise<readonly IndexEntry[]> {
    const { index } = await this.#document.get(options.signal);
    return index.manifests.map((descriptor) => ({
      part: this.#part(descriptor),
      platform: descriptor.platform,
      annotations: descriptor.annotations,
      artifactType: descriptor.artifactType,
    }));
  }

  #part(descriptor: Descriptor): Part {
    if (isIndexType(descriptor.mediaType)) {
      return new Index(new StoredIndex(this.#source, descriptor, undefined, this.#depth + 1));
    }
    if (isDocumentType(descriptor.mediaType)) return new Image(storedBody(this.#source, descriptor));
    return new StoredBlob(this.#source, descriptor);
  }
}
