import type { Bytes } from "../bytes.ts";
import type { Address, Options, Origin, Part } from "../content/contracts.ts";
import type { Descriptor } from "../spec/descriptor.ts";
import type { Layer } from "./layer.ts";

/** Where an image's answers come from. */
export interface ImageBody {
  /** What is known of the manifest without any work. */
  readonly known?: Address;
  /** Media type, digest and size of the manifest. */
  descriptor(options?: Options): Promise<Descriptor>;
  /** The manifest's bytes. */
  rawManifest(options?: Options): Promise<Bytes>;
  /** The config's bytes. */
  rawConfigFile(options?: Options): Promise<Bytes>;
  /** The config, to be written somewhere. */
  configPart(options?: Options): Promise<Part>;
  /** The layers, base first; the same objects each time. */
  layers(options?: Options): Promise<readonly Layer[]>;
  /** What the manifest names, where that is not the layers and the config. */
  children?(options?: Options): Promise<readonly Part[]>;
  /** Where the manifest may be had from. */
  origins?(): AsyncIterable<Origin>;
}
