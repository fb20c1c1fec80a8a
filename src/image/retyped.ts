import type { Bytes } from "../bytes.ts";
import type { Address, Content, Options, Origin, Part, Role } from "../content/contracts.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";
import { Layer } from "./layer.ts";
import type { LayerBody } from "./layer_body.ts";

/** The same layer, called by another media type. */
export function retypedLayer(layer: Layer, mediaType: string): Layer {
  return layer.mediaType() === mediaType ? layer : new Layer(new RetypedLayer(layer, mediaType));
}

class RetypedLayer implements LayerBody {
  readonly mediaType: string;
  readonly #layer: Layer;

  constructor(layer: Layer, mediaType: string) {
    this.#layer = layer;
    this.mediaType = mediaType;
  }

  get known(): Address | undefined {
    return this.#layer.known && { ...this.#layer.known, mediaType: this.mediaType };
  }

  async descriptor(options?: Options): Promise<Descriptor> {
    return { ...await this.#layer.descriptor(options), mediaType: this.mediaType };
  }

  diffID(options?: Options): Promise<Digest> {
    return this.#layer.diffID(options);
  }

  open(options?: Options): Promise<ReadableStream<Bytes>> {
    return this.#layer.compressed(options);
  }

  openRange(start: number, end: number, options?: Options): Promise<ReadableStream<Bytes>> {
    return this.#layer.range(start, end, { ...options, unverified: true });
  }

  async content(options?: Options): Promise<Content> {
    return { ...await this.#layer.content(options), mediaType: this.mediaType };
  }

  origins(): AsyncIterable<Origin> {
    return this.#layer.origins();
  }
}

/** The same config, called by another media type. */
export class RetypedConfig implements Part {
  readonly role: Role = "blob";
  readonly mediaType: string;
  readonly #below: Part;

  constructor(below: Part, mediaType: string) {
    this.#below = below;
    this.mediaType = mediaType;
  }

  get known(): Address | undefined {
    return this.#below.known && { ...this.#below.known, mediaType: this.mediaType };
  }

  async *origins(): AsyncGenerator<Origin, void, void> {
    yield* this.#below.origins?.() ?? [];
  }

  children(options?: Options): Promise<readonly Part[]> {
    return this.#below.children(options);
  }

  async content(options?: Options): Promise<Content> {
    return { ...await this.#below.content(options), mediaType: this.mediaType };
  }
}
