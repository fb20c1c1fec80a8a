import type { Bytes } from "../bytes.ts";
import type { Address, Content, Options, Origin } from "../content/contracts.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import type { LayerBody } from "./layer_body.ts";
import type { StoredBlob } from "./stored_blob.ts";

/** A layer that is in a source already; its diffID is in the config of its image. */
export class StoredLayer implements LayerBody {
  readonly #blob: StoredBlob;
  readonly diffID: (options?: Options) => Promise<Digest | undefined>;

  constructor(blob: StoredBlob, diffID: (options?: Options) => Promise<Digest | undefined>) {
    this.#blob = blob;
    this.diffID = diffID;
  }

  get known(): Address {
    return this.#blob.descriptor;
  }

  get mediaType(): string {
    return this.#blob.descriptor.mediaType;
  }

  descriptor(): Promise<Descriptor> {
    return Promise.resolve({ ...this.#blob.descriptor });
  }

  open(options?: Options): Promise<ReadableStream<Bytes>> {
    return this.#blob.open(options);
  }

  openRange(start: number, end: number, options?: Options): Promise<ReadableStream<Bytes>> {
    return this.#blob.openRange(start, end, options);
  }

  content(): Promise<Content> {
    return this.#blob.content();
  }

  origins(): AsyncIterable<Origin> {
    return this.#blob.origins();
  }
}
