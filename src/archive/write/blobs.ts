import { type Bytes, chunksOf } from "../../bytes.ts";
import { decompress } from "../../codec/decode.ts";
import type { Content, ContentOptions, Options, Part } from "../../content/contracts.ts";
import type { CopyEvent } from "../../copy/events.ts";
import { digesting } from "../../digest/digesting.ts";
import { verifying } from "../../digest/verify.ts";
import type { Descriptor } from "../../spec/descriptor.ts";
import { algorithmOf, type Digest } from "../../spec/digest.ts";
import { isForeignType, isZstdType, mediaTypes } from "../../spec/media_type.ts";
import type { TarItem } from "../../tar/item.ts";
import { readSlice } from "../../content/slices.ts";
import { streamOfPieces } from "../../bytes.ts";
import { Temporary } from "../../disk/temporary.ts";

/** Content whose size and digest are known, as a tar's header comes before it. */
export interface Planned {
  readonly descriptor: Descriptor;
  readonly open: (options?: ContentOptions) => Promise<ReadableStream<Bytes>>;
}

/** What the blobs of an archive are made of. */
export interface PlanOptions extends Options {
  foreign?: boolean | undefined;
  progress?: ((event: CopyEvent) => void) | undefined;
}

/**
 * Collects what is to go into an archive, each digest once, what a document names before the document. Nothing is
 * read but documents, and what does not know its own digest: that goes through a temporary file.
 */
export class Plan {
  readonly #options: PlanOptions;
  readonly #blobs = new Map<Digest, Planned>();
  #temporary: Temporary | undefined;
  #ids = 0;

  constructor(options: PlanOptions) {
    this.#options = options;
  }

  /** Everything, in the order in which it is to be written. */
  get blobs(): Iterable<Planned> {
    return this.#blobs.values();
  }

  /** Adds a part and all below it, and tells what it is. */
  async add(part: Part): Promise<Descriptor> {
    const { signal, foreign, progress } = this.#options;
    signal?.throwIfAborted();
    const known = part.known && this.#blobs.get(part.known.digest);
    if (known) return known.descriptor;
    for (const child of await part.children({ signal })) await this.add(child);
    const content = await part.content({ signal });
    const { mediaType, digest, size } = content;
    if (isForeignType(mediaType) && !foreign && digest !== undefined) {
      progress?.({ type: "skipped", id: ++this.#ids, mediaType, digest });
      return { mediaType, digest, size: size ?? 0 };
    }
    const planned = digest !== undefined && size !== undefined
      ? { descriptor: { mediaType, digest, size }, open: content.open }
      : await this.#keep(content);
    this.#blobs.set(planned.descriptor.digest, planned);
    return planned.descriptor;
  }

  /** A file of the tar with this content, which is opened when it is read, and verified. */
  item(path: string, { descriptor, open }: Planned): TarItem {
    const { progress, signal } = this.#options;
    const id = ++this.#ids;
    const read = async function* () {
      progress?.({ type: "start", id, ...descriptor });
      let bytes = 0;
      const content = (await open({ unverified: true, signal })).pipeThrough(
        verifying(descriptor, { what: descriptor.digest }),
      );
      for await (const chunk of chunksOf(content, signal)) {
        progress?.({ type: "progress", id, bytes: bytes += chunk.byteLength });
        yield chunk;
      }
      progress?.({ type: "done", id, descriptor, how: "written" });
    };
    return { type: "file", path, size: descriptor.size, readable: streamOfPieces(read()) };
  }

  /** A blob by its digest; nothing for what was left out. */
  find(digest: Digest): Planned | undefined {
    return this.#blobs.get(digest);
  }

  /**
   * A layer as `docker load` takes it: engines before 23 know no zstd, so that is taken off. Its size is known only then, so
   * it goes through the temporary file.
   */
  async forDocker(layer: Planned): Promise<Planned> {
    const { descriptor, open } = layer;
    if (!isZstdType(descriptor.mediaType)) return layer;
    const what = `layer ${descriptor.digest}`;
    return await this.#keep({
      mediaType: mediaTypes.ociLayer,
      replayable: true,
      open: async (options) =>
        (await open({ ...options, unverified: true }))
          .pipeThrough(verifying(descriptor, { what }))
          .pipeThrough(decompress({ what })),
    });
  }

  /** Gives the temporary file back. */
  async close(): Promise<void> {
    await this.#temporary?.close();
  }

  /** Puts content into the temporary file, to learn what it is. */
  async #keep({ mediaType, digest, open }: Content): Promise<Planned> {
    const { signal } = this.#options;
    const temporary = this.#temporary ??= await Temporary.create();
    const { stream, result } = digesting(digest && algorithmOf(digest));
    const range = await temporary.add((await open({ signal })).pipeThrough(stream), signal);
    const descriptor = { mediaType, ...await result };
    if (digest !== undefined) descriptor.digest = digest; // what is read is held to it
    return {
      descriptor,
      open: (o) => Promise.resolve(readSlice(temporary, range, "temporary file", o?.signal)),
    };
  }
}
