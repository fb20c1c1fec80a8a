import type { Bytes } from "../bytes.ts";
import type { Address, Content, Options, Origin, Part, Source } from "../content/contracts.ts";
import { Once } from "../content/once.ts";
import { GantryError } from "../errors.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { mediaTypes } from "../spec/media_type.ts";
import { schema1Layers } from "../spec/schema1.ts";
import type { ImageBody } from "./image_body.ts";
import type { Layer } from "./layer.ts";

/** An image of Docker's schema 1. It can be shown and copied as it is; it has no config, so that there is nothing to read. */
export class StoredSchema1 implements ImageBody {
  readonly #source: Source;
  readonly #descriptor: Descriptor;
  readonly #document: Once<Bytes>;

  constructor(source: Source, descriptor: Descriptor, document?: Bytes) {
    this.#source = source;
    this.#descriptor = descriptor;
    // Its digest is not that of its bytes, so only the source can tell whether they are the right ones.
    this.#document = new Once(async (signal) =>
      document ?? (await source.resolve(descriptor.digest, { document: true, signal })).document!
    );
  }

  get known(): Address {
    return this.#descriptor;
  }

  descriptor(): Promise<Descriptor> {
    const { mediaType, digest, size } = this.#descriptor;
    return Promise.resolve({ mediaType, digest, size });
  }

  async rawManifest(options?: Options): Promise<Bytes> {
    return (await this.#document.get(options?.signal)).slice();
  }

  rawConfigFile(): Promise<Bytes> {
    return Promise.reject(this.#unsupported());
  }

  configPart(): Promise<Part> {
    return Promise.reject(this.#unsupported());
  }

  layers(): Promise<readonly Layer[]> {
    return Promise.reject(this.#unsupported());
  }

  async children(options?: Options): Promise<readonly Part[]> {
    const digests = schema1Layers(await this.rawManifest(options), this.#descriptor.digest);
    return digests.map((digest) => this.#layer(digest));
  }

  async *origins(): AsyncGenerator<Origin, void, void> {
    yield* this.#source.origins?.(this.#descriptor) ?? [];
  }

  /** A layer of which nothing is told but its digest. */
  #layer(digest: Digest): Part {
    const content: Content = {
      mediaType: mediaTypes.dockerLayerGzip,
      digest,
      replayable: true,
      open: ({ start, signal } = {}) => this.#source.open({ digest }, { role: "blob", start, signal }),
    };
    return {
      role: "blob",
      known: { digest },
      origins: () => this.origins(),
      children: () => Promise.resolve([]),
      content: () => Promise.resolve(content),
    };
  }

  #unsupported(): GantryError {
    return new GantryError(
      "unsupported",
      `read ${this.#descriptor.digest}: it is of Docker's schema 1, which can only be copied and shown; pull and push it with a Docker before 26 to have a new one`,
    );
  }
}
