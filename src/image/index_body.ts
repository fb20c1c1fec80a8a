import type { Bytes } from "../bytes.ts";
import type { Address, Options, Origin, Part } from "../content/contracts.ts";
import type { Annotations, Descriptor } from "../spec/descriptor.ts";
import type { Platform } from "../spec/platform.ts";

/** Where an index's answers come from. */
export interface IndexBody {
  /** What is known of the index without any work. */
  readonly known?: Address;
  /** Media type, digest and size of the index. */
  descriptor(options?: Options): Promise<Descriptor>;
  /** The index's bytes. */
  rawManifest(options?: Options): Promise<Bytes>;
  /** What it names, in order and with duplicates; the same objects each time. */
  entries(options?: Options): Promise<readonly IndexEntry[]>;
  /** Where the index may be had from. */
  origins?(): AsyncIterable<Origin>;
}

/** What an index names in one place. */
export interface IndexEntry {
  /** The image, index or blob. */
  readonly part: Part;
  /** What the image is for. */
  readonly platform?: Platform | undefined;
  /** Annotations on its descriptor. */
  readonly annotations?: Annotations | undefined;
  /** What the manifest is, when it is not an image. */
  readonly artifactType?: string | undefined;
}
