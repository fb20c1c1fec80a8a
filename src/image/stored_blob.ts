import type { Bytes } from "../bytes.ts";
import type {
  Address,
  Content,
  ContentOptions,
  Options,
  Origin,
  Part,
  Role,
  Source,
} from "../content/contracts.ts";
import { type RangeOptions, readRange, sliceStream } from "../content/range.ts";
import { readVerified } from "../content/read.ts";
import type { Descriptor } from "../spec/descriptor.ts";

/** A blob that is in a source already: a config, a layer, anything in an index that is no manifest. */
export class StoredBlob implements Part {
  readonly role: Role = "blob";
  readonly descriptor: Descriptor;
  readonly #source: Source;

  constructor(source: Source, descriptor: Descriptor) {
    this.#source = source;
    this.descriptor = descriptor;
  }

  get known(): Address {
    return this.descriptor;
  }

  /** All the bytes, verified. */
  open(options?: Options): Promise<ReadableStream<Bytes>> {
    return readVerified(this.#source, this.descriptor, { role: this.role, signal: options?.signal });
  }

  /** Part of the bytes, from `start` up to `end`; see `Layer.range`. */
  range(start: number, end: number, options: RangeOptions): Promise<ReadableStream<Bytes>> {
    const { digest, size } = this.descriptor;
    return readRange(
      { start, end, size, what: `blob ${digest}` },
      options,
      (range) => this.openRange(range.start, range.end, { signal: range.signal }),
    );
  }

  /** The bytes from `start` up to `end`, unverified. */
  async openRange(start: number, end: number, options?: Options): Promise<ReadableStream<Bytes>> {
    // What the descriptor carries itself need not be in the source.
    if (this.descriptor.data !== undefined) return sliceStream(await this.open(options), start, end);
    return await this.#source.open(this.descriptor, { role: this.role, start, end, signal: options?.signal });
  }

  async *origins(): AsyncGenerator<Origin, void, void> {
    yield* this.#source.origins?.(this.descriptor) ?? [];
  }

  children(): Promise<readonly Part[]> {
    return Promise.resolve([]);
  }

  content(): Promise<Content> {
    const { mediaType, digest, size, annotations } = this.descriptor;
    return Promise.resolve({
      mediaType,
      digest,
      size,
      ...(annotations && { annotations }),
      ...(this.#source.file && { file: () => this.#source.file!(this.descriptor) }),
      replayable: true,
      open: ({ start = 0, unverified, signal }: ContentOptions = {}) =>
        start > 0 || (unverified && this.descriptor.data === undefined)
          ? this.#source.open(this.descriptor, { role: this.role, start, signal })
          : this.open({ signal }),
    });
  }
}
