import type { Bytes } from "../bytes.ts";
import type { Address, Content, Options, Origin } from "../content/contracts.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Digest } from "../spec/digest.ts";

/** Where a layer's answers come from. */
export interface LayerBody {
  /** What is known of the compressed bytes without any work. */
  readonly known?: Address | undefined;
  /** What the compressed bytes are. */
  readonly mediaType: string;
  /** Media type, digest and size of the compressed bytes. */
  descriptor(options?: Options): Promise<Descriptor>;
  /** The digest of the tar; undefined when only the bytes can tell. */
  diffID(options?: Options): Promise<Digest | undefined>;
  /** The compressed bytes, verified. */
  open(options?: Options): Promise<ReadableStream<Bytes>>;
  /** The compressed bytes from `start` up to `end`, unverified. */
  openRange(start: number, end: number, options?: Options): Promise<ReadableStream<Bytes>>;
  /** The compressed bytes, to be written somewhere. */
  content(options?: Options): Promise<Content>;
  /** Where the bytes may be mounted from. */
  origins?(): AsyncIterable<Origin>;
}
